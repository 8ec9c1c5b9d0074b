import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { LEGACY_CONTROLLERS } from '../platform/legacy-cgroup.ts';
import { ownCgroup } from './cgroup.ts';
import { ownLegacyGroup } from './legacy-cgroup.ts';

/**
 * Host's ids of the processes of a container: those in its cgroup, else those in the PID namespace of its first one, else, where
 * that is the host's, what stems from it.
 */
export function containerProcesses(id: string, init: number): readonly number[] {
  const group =
    ownCgroup(id, init) ??
    LEGACY_CONTROLLERS.map((each) => ownLegacyGroup(id, init, each)).find((each) => each !== undefined);
  if (group !== undefined) return groupProcesses(group);
  const own = pidNamespace(String(init));
  if (own === undefined) return [];
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  if (own === pidNamespace('self')) return descendants(init, all.map(Number));
  return all.filter((name) => pidNamespace(name) === own).map(Number);
}

function groupProcesses(group: string): readonly number[] {
  try {
    const own = readFileSync(join(group, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);
    const below = readdirSync(group, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return [...own, ...below.flatMap(({ name }) => groupProcesses(join(group, name)))];
  } catch {
    // It has just ended.
    return [];
  }
}

function descendants(init: number, all: readonly number[]): readonly number[] {
  const children = new Map<number, number[]>();
  for (const pid of all) {
    const parent = parentOf(pid);
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const found = [init];
  for (const pid of found) found.push(...(children.get(pid) ?? []));
  return found;
}

/** Field 4 of proc_pid_stat(5); the command's name before it may hold anything. */
function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}

function pidNamespace(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    // Another user's, or it has just ended.
    return undefined;
  }
}
