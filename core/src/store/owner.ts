import { processTable } from '../container/facts.ts';

/** A process, told apart from later ones with the same id. */
export interface Owner {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat. */
  readonly startTime: string;
  readonly bootId: string;
}

const processes = processTable();
let own: Owner | undefined;

export function thisProcess(): Owner {
  own ??= {
    pid: process.pid,
    startTime: processes.startTime(process.pid) ?? '0',
    bootId: processes.bootId(),
  };
  return own;
}

export function isAlive({ pid, startTime, bootId }: Owner): boolean {
  return bootId === processes.bootId() && processes.startTime(pid) === startTime;
}
