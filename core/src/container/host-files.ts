import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type HostFileRequest, hostnameFile, hostsFile, resolvConfFile } from '../network/host-files.ts';
import type { Machine } from './machine.ts';
import type { HostBind } from './program.ts';
import { giveToRoot } from './roots.ts';

const FILES = { hosts: hostsFile, hostname: hostnameFile, 'resolv.conf': resolvConfFile } as const;

/**
 * Writes a container's /etc/hosts, /etc/hostname and /etc/resolv.conf into its directory.
 * @param owner whom they are going to belong to: with ids of its own the container's root, with the user's group
 */
export function writeHostFiles(
  directory: string,
  request: Omit<HostFileRequest, 'hostHosts' | 'hostResolvConf'>,
  machine: Machine,
  owner: 'user' | 'container',
): void {
  const whole = {
    ...request,
    hostHosts: readText('/etc/hosts'),
    hostResolvConf: readText('/etc/resolv.conf'),
  };
  for (const [name, content] of Object.entries(FILES)) {
    const path = join(directory, name);
    // That of the start before belongs to an id of the container's.
    if (owner === 'container') rmSync(path, { force: true });
    writeFileSync(path, content(whole));
    // Whatever the umask is: every user inside reads them.
    chmodSync(path, owner === 'container' ? 0o664 : 0o644);
    giveToRoot(machine, path);
  }
}

export function hostFilePaths(directory: string): readonly string[] {
  return Object.keys(FILES).map((name) => join(directory, name));
}

/** The binds that bring those files into the container, but for those with something of the user's in their place. */
export function hostFileBinds(
  directory: string,
  covered: readonly string[],
  readOnly: boolean,
): readonly HostBind[] {
  return Object.keys(FILES)
    .map((name) => ({ source: join(directory, name), target: `/etc/${name}`, readOnly }))
    .filter(({ target }) => !covered.includes(target));
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // A host without the file is as good as one with an empty file.
    return '';
  }
}
