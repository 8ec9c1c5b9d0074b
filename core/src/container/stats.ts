import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownCgroup } from './cgroup.ts';
import type { ContainerContext } from './context.ts';
import { ownLegacyGroup } from './legacy-cgroup.ts';
import type { StatsSample } from './operations.ts';
import { NO_OPTIONS } from './options.ts';
import { containerProcesses } from './processes.ts';
import { findRunning } from './running.ts';

/** Clock ticks a second in /proc: sysconf(_SC_CLK_TCK) is 100 on every architecture of Linux that Node runs on. */
const TICKS = 100;
const PAGE = 4096;

/** What a container has used up by now: by its cgroup's account where it has one, else by those of its processes. */
export function sampleStats(context: ContainerContext, id: string): StatsSample | undefined {
  const { table, machine } = context;
  const row = table.get(id);
  if (row === undefined) return undefined;
  const init = findRunning(context, id)?.init;
  const limit = table.spec(id)?.options?.limits.memory ?? NO_OPTIONS.limits.memory;
  const common = { id, name: row.name, time: performance.now() };
  const memoryLimit = limit !== undefined && limit > 0 ? limit : machine.platform.memory;
  if (init === undefined) {
    return {
      ...common,
      cpu: 0,
      memory: 0,
      memoryLimit: 0,
      pids: 0,
      network: [0, 0],
      block: [0, 0],
      from: 'processes',
    };
  }
  const pids = containerProcesses(id, init.pid);
  const group = ownCgroup(id, init.pid);
  const processes = pids.map(processUse);
  const sum = (pick: (use: ProcessUse) => number): number =>
    processes.reduce((all, use) => all + pick(use), 0);
  // Time is accounted to every group; the rest takes controllers that few users are given.
  const legacy = legacyUse(id, init.pid);
  const cpu =
    (group === undefined ? undefined : numberAfter(readText(join(group, 'cpu.stat')), 'usage_usec')) ??
    legacy.cpu;
  const memory = (group === undefined ? undefined : groupMemory(group)) ?? legacy.memory;
  const block =
    (group === undefined ? undefined : groupBlock(readText(join(group, 'io.stat')))) ?? legacy.block;
  return {
    ...common,
    cpu: cpu ?? sum((use) => use.cpu),
    memory: memory ?? sum((use) => use.memory),
    memoryLimit,
    pids: sum((use) => use.threads),
    network: networkUse(init.pid),
    block: block ?? [sum((use) => use.read), sum((use) => use.written)],
    from: cpu === undefined && memory === undefined ? 'processes' : 'cgroup',
  };
}

/** By the accounts of cgroup v1, as far as there are groups (cpuacct.rst, memory.rst, blkio-controller.rst). */
function legacyUse(
  id: string,
  init: number,
): {
  readonly cpu: number | undefined;
  readonly memory: number | undefined;
  readonly block: readonly [number, number] | undefined;
} {
  const text = (controller: string, file: string): string => {
    const group = ownLegacyGroup(id, init, controller);
    return group === undefined ? '' : readText(join(group, file));
  };
  const nanoseconds = text('cpuacct', 'cpuacct.usage').trim();
  const bytes = text('memory', 'memory.usage_in_bytes').trim();
  const inactive = numberAfter(text('memory', 'memory.stat'), 'total_inactive_file') ?? 0;
  const io = text('blkio', 'blkio.throttle.io_service_bytes_recursive');
  const moved = (word: string): number =>
    [...io.matchAll(new RegExp(`^\\d+:\\d+ ${word} (\\d+)$`, 'gm'))].reduce(
      (all, [, value]) => all + Number(value),
      0,
    );
  return {
    cpu: nanoseconds === '' ? undefined : Number(nanoseconds) / 1000,
    memory: bytes === '' ? undefined : Math.max(0, Number(bytes) - inactive),
    block: io === '' ? undefined : [moved('Read'), moved('Write')],
  };
}

interface ProcessUse {
  /** Microseconds. */
  readonly cpu: number;
  /** Bytes; what is shared counts in parts. */
  readonly memory: number;
  readonly threads: number;
  readonly read: number;
  readonly written: number;
}

/** Of one process (proc_pid_stat(5), proc_pid_io(5)), and of its children that have ended. */
function processUse(pid: number): ProcessUse {
  const stat = readText(`/proc/${pid}/stat`);
  // From the state on: the command's name before it may hold anything.
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const at = (index: number): number => fields[index - 3] ?? 0;
  const io = readText(`/proc/${pid}/io`);
  return {
    cpu: (at(14) + at(15) + at(16) + at(17)) * (1_000_000 / TICKS),
    memory: proportionalSize(pid) ?? at(24) * PAGE,
    threads: at(20),
    read: numberAfter(io, 'read_bytes:') ?? 0,
    written: numberAfter(io, 'write_bytes:') ?? 0,
  };
}

/** Bytes of a process, of what it shares its part (proc_pid_smaps(5)); undefined where it can't be looked into. */
function proportionalSize(pid: number): number | undefined {
  const kilobytes = /^Pss: +(\d+) kB$/m.exec(readText(`/proc/${pid}/smaps_rollup`))?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

/** Bytes read and written by all devices (cgroup-v2.rst, io.stat); undefined without the controller. */
export function groupBlock(text: string): readonly [number, number] | undefined {
  if (text === '') return undefined;
  const sum = (key: string): number =>
    [...text.matchAll(new RegExp(`\\b${key}=(\\d+)`, 'g'))].reduce(
      (all, [, value]) => all + Number(value),
      0,
    );
  return [sum('rbytes'), sum('wbytes')];
}

/** As Docker: without the file pages that the kernel can drop at once. */
function groupMemory(group: string): number | undefined {
  const current = readText(join(group, 'memory.current')).trim();
  if (current === '') return undefined;
  const inactive = numberAfter(readText(join(group, 'memory.stat')), 'inactive_file') ?? 0;
  return Math.max(0, Number(current) - inactive);
}

/** Bytes received and sent by the links of a process's network, loopback apart. */
function networkUse(pid: number): readonly [number, number] {
  let received = 0;
  let sent = 0;
  for (const line of readText(`/proc/${pid}/net/dev`).split('\n').slice(2)) {
    const [name, rest] = line.split(':');
    const fields = rest?.trim().split(/\s+/).map(Number);
    if (name === undefined || fields === undefined || name.trim() === 'lo') continue;
    received += fields[0] ?? 0;
    sent += fields[8] ?? 0;
  }
  return [received, sent];
}

function numberAfter(text: string, key: string): number | undefined {
  const line = text.split('\n').find((each) => each.startsWith(`${key} `));
  return line === undefined ? undefined : Number(line.slice(key.length + 1));
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // A process that has ended, or an account that isn't kept.
    return '';
  }
}
