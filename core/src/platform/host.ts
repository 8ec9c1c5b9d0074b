import { readFileSync } from 'node:fs';
import { hostname, machine, release, userInfo } from 'node:os';

/*
 * What node:os says of the machine, from the files that the kernel has it in: to load node:os takes a short command longer than
 * all that it would ask.
 */

/** The host's name, as hostname(1) prints it. */
export function hostName(): string {
  return kernelWord('hostname') ?? hostname();
}

/** `uname -r`. */
export function kernelRelease(): string {
  return kernelWord('osrelease') ?? release();
}

const MACHINES: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64' };

/** `uname -m`, of the processor that this program was built for. */
export function machineName(): string {
  return MACHINES[process.arch] ?? machine();
}

/**
 * The name that a user logs in with.
 * @param passwd The text of /etc/passwd; who isn't in it is looked for wherever else this machine keeps its users.
 * @throws Error when nobody knows the user, as on some clusters
 */
export function loginName(uid: number, passwd = readText('/etc/passwd')): string {
  for (const line of passwd?.split('\n') ?? []) {
    const [name = '', , id] = line.split(':');
    if (id === String(uid) && name !== '') return name;
  }
  const { uid: own, username } = userInfo();
  if (own !== uid) throw new Error(`user ${uid} has no name`);
  return username;
}

/** A line of /proc/sys/kernel (proc_sys_kernel(5)). */
function kernelWord(name: string): string | undefined {
  const word = readText(`/proc/sys/kernel/${name}`)?.trim();
  return word === '' ? undefined : word;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
