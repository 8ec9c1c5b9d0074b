import { writeSync } from 'node:fs';
import type { Handover } from '@wherry/core/api';

/** The process in front of this one (launcher/PROGRAM.md, "Front"): what is handed over to, it becomes in its stead. */
export interface Front {
  /** A socket of packets. */
  readonly descriptor: number;
  readonly pid: number;
}

/**
 * Has the front become the launcher, and ends this process without its farewells: the container doesn't wait for the
 * milliseconds in which the kernel takes this one's memory back. Returns when the front can't be given it.
 */
export function handOver(front: Front, { file, args, env }: Handover): void {
  if (Object.keys(env).length > 0) return;
  try {
    // As execve(2) has it, the first argument is the program's own name.
    writeSync(front.descriptor, [file, ...args].map((each) => `${each}\0`).join(''));
  } catch {
    return;
  }
  process.kill(process.pid, 'SIGKILL');
}
