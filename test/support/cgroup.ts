import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Mount point of the cgroup v2 hierarchy, which lies under a tmpfs where v1 is mounted too. */
export function cgroup2Root(): string {
  const mounts = readFileSync('/proc/mounts', 'utf8').split('\n');
  const mount = mounts.map((line) => line.split(' ')).find(([, , type]) => type === 'cgroup2');
  if (mount?.[1] === undefined) throw new Error('No cgroup v2 hierarchy is mounted.');
  return mount[1];
}

/** Makes a cgroup; with an owner it is delegated (cgroups(7), "Delegating a hierarchy"). */
export function makeCgroup(directory: string, owner?: { readonly uid: number; readonly gid: number }): void {
  mkdirSync(directory, { recursive: true });
  if (owner === undefined) return;
  for (const name of ['', 'cgroup.procs', 'cgroup.threads', 'cgroup.subtree_control']) {
    chownSync(path.join(directory, name), owner.uid, owner.gid);
  }
}

/** Controllers of cgroup v1 that a container makes use of. */
const LEGACY = ['memory', 'cpu', 'cpuacct', 'cpuset', 'pids', 'blkio', 'freezer'];

/** A directory in each hierarchy of cgroup v1 that the machine has, handed over to `owner`. Empty where it has none. */
export function makeLegacyCgroups(
  name: string,
  owner: { readonly uid: number; readonly gid: number },
): readonly string[] {
  const mounts = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '));
  return mounts.flatMap(([, point = '', type, options = '']) => {
    const controllers = options.split(',');
    if (type !== 'cgroup' || !LEGACY.some((each) => controllers.includes(each))) return [];
    const directory = path.join(point, name);
    mkdirSync(directory);
    for (const file of ['', 'cgroup.procs', 'tasks'])
      chownSync(path.join(directory, file), owner.uid, owner.gid);
    if (controllers.includes('cpuset')) {
      for (const file of ['cpuset.cpus', 'cpuset.mems'])
        writeFileSync(path.join(directory, file), readFileSync(path.join(point, file)));
    }
    return [directory];
  });
}

/** After what was in them has been killed. */
export async function removeLegacyCgroups(directories: readonly string[]): Promise<void> {
  for (const directory of directories) {
    for (let tries = 0; existsSync(directory); tries += 1) {
      try {
        removeTree(directory);
      } catch (error) {
        if (tries > 500 || !(error instanceof Error && 'code' in error && error.code === 'EBUSY'))
          throw error;
        await delay(10);
      }
    }
  }
}

/** Pids of a cgroup and all below it. */
export function processesIn(directory: string): number[] {
  if (!existsSync(directory)) return [];
  const own = readFileSync(path.join(directory, 'cgroup.procs'), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map(Number);
  return [...own, ...children(directory).flatMap(processesIn)];
}

/** Kills whatever runs in a cgroup and removes it with all below it. */
export async function removeCgroup(directory: string): Promise<void> {
  if (!existsSync(directory)) return;
  writeFileSync(path.join(directory, 'cgroup.kill'), '1');
  // The kernel gives no event that outlasts the cgroup; dying processes leave it within milliseconds.
  for (let tries = 0; processesIn(directory).length > 0; tries += 1) {
    if (tries > 500)
      throw new Error(`${directory} still holds ${processesIn(directory).join(' ')} after SIGKILL.`);
    await delay(10);
  }
  // One that has ended may be counted for a moment longer than it is listed.
  for (let tries = 0; ; tries += 1) {
    try {
      removeTree(directory);
      return;
    } catch (error) {
      if (tries > 500 || !(error instanceof Error && 'code' in error && error.code === 'EBUSY')) throw error;
      await delay(10);
    }
  }
}

function removeTree(directory: string): void {
  for (const child of children(directory)) removeTree(child);
  rmdirSync(directory);
}

function children(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => path.join(directory, entry.name));
}
