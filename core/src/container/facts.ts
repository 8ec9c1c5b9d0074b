import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a monitor leaves behind when its container begins: one line in the file `started`. */
export interface StartedFact {
  readonly monitorPid: number;
  /** Field 22 of /proc/PID/stat of the monitor, in clock ticks since boot. */
  readonly monitorStartTime: string;
  readonly bootId: string;
  readonly initPid: number;
  /** RFC 3339 with nanoseconds. */
  readonly time: string;
  /** As `monitorStartTime`, of the container's first process; missing when that had ended by then. */
  readonly initStartTime?: string;
}

/** What it leaves at the end: the file `exited`. */
export interface ExitedFact {
  /** Exit status as a shell has it: 128 and the signal's number for a death by signal. */
  readonly status: number;
  /** 0 when no signal ended it. */
  readonly signal: number;
  readonly outOfMemory: boolean;
  readonly time: string;
}

/** The file `restarting`: the command ended, and its restart policy has it start again. */
export interface RestartingFact {
  /** Restarts so far. */
  readonly count: number;
  readonly status: number;
  readonly outOfMemory: boolean;
  readonly time: string;
}

export interface Facts {
  readonly started?: StartedFact | undefined;
  readonly exited?: ExitedFact | undefined;
  readonly restarting?: RestartingFact | undefined;
}

/** Reads the fact files of a container's directory. A monitor writes each whole, by rename. */
export function readFacts(directory: string): Facts {
  return {
    started: parseStarted(readFact(join(directory, 'started'))),
    exited: parseExited(readFact(join(directory, 'exited'))),
    restarting: parseRestarting(readFact(join(directory, 'restarting'))),
  };
}

/** Whether the container runs now: its monitor is alive, in this boot, and has recorded no end since it began. */
export function isRunning({ started, exited }: Facts, processes: ProcessTable): boolean {
  if (started === undefined) return false;
  if (exited !== undefined && exited.time >= started.time) return false;
  return monitorLives(started, processes);
}

/** Whether a container that runs waits for its next start. */
export function isRestarting({ started, restarting }: Facts): boolean {
  return started !== undefined && restarting !== undefined && restarting.time >= started.time;
}

/** Whether the monitor itself is alive: it is for a moment after its container, with `--rm` for as long as it removes. */
export function monitorLives(started: StartedFact, processes: ProcessTable): boolean {
  return (
    started.bootId === processes.bootId() &&
    processes.startTime(started.monitorPid) === started.monitorStartTime
  );
}

/** What the kernel says of processes. */
export interface ProcessTable {
  bootId(): string;
  /** Field 22 of /proc/PID/stat; undefined when there is no such process, or it is dead and not yet reaped. */
  startTime(pid: number): string | undefined;
  /** Sends SIGKILL; nothing happens when there is no such process, or it is another's. */
  kill(pid: number): void;
}

/** The kernel's own answer, through /proc (proc_pid_stat(5)). */
export function processTable(): ProcessTable {
  let bootId: string | undefined;
  return {
    bootId() {
      bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
      return bootId;
    },
    startTime(pid) {
      const stat = readFact(`/proc/${pid}/stat`);
      if (stat === undefined) return undefined;
      // The command's name, in parentheses, may itself hold spaces and parentheses.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
    },
    kill(pid) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code !== 'ESRCH' && code !== 'EPERM') throw error;
      }
    },
  };
}

function readFact(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
}

function parseStarted(text: string | undefined): StartedFact | undefined {
  const [monitorPid, monitorStartTime, bootId, initPid, time, initStartTime] = text?.trim().split(' ') ?? [];
  if (monitorPid === undefined || monitorStartTime === undefined || bootId === undefined) return undefined;
  if (initPid === undefined || time === undefined) return undefined;
  return {
    ...{ monitorPid: Number(monitorPid), monitorStartTime, bootId, initPid: Number(initPid), time },
    ...(initStartTime === undefined ? {} : { initStartTime }),
  };
}

function parseExited(text: string | undefined): ExitedFact | undefined {
  const [status, signal, oom, time] = text?.trim().split(' ') ?? [];
  if (status === undefined || signal === undefined || time === undefined) return undefined;
  return { status: Number(status), signal: Number(signal), outOfMemory: oom === '1', time };
}

function parseRestarting(text: string | undefined): RestartingFact | undefined {
  const [count, status, , oom, time] = text?.trim().split(' ') ?? [];
  if (count === undefined || status === undefined || time === undefined) return undefined;
  return { count: Number(count), status: Number(status), outOfMemory: oom === '1', time };
}
