import { readdirSync, readlinkSync } from 'node:fs';

/** Host's ids of the processes of a container, by the PID namespace of its first one. */
export function containerProcesses(init: number): readonly number[] {
  const own = pidNamespace(String(init));
  if (own === undefined) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && pidNamespace(name) === own)
    .map(Number);
}

function pidNamespace(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    // Another user's, or it has just ended.
    return undefined;
  }
}
