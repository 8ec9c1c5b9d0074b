import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Device, findDevices } from './device-flag.ts';
import type { ContainerSpec } from './record.ts';

/** Below these, a container has file systems of its own. */
const OWN = new Set(['pts', 'shm', 'mqueue', 'console', 'ptmx', 'fd', 'stdin', 'stdout', 'stderr', 'core']);

/** The host's nodes that a container has beside the default ones. @throws WherryError `E_DEVICE` */
export function containerDevices({
  privileged,
  options,
}: Pick<ContainerSpec, 'privileged' | 'options'>): readonly Device[] {
  const asked = findDevices(options?.devices ?? []);
  if (!privileged) return asked;
  const rest = hostDevices().filter((path) => !asked.some(({ target }) => target === path));
  return [...rest.map((path) => ({ source: path, target: path, optional: true })), ...asked];
}

/** Device nodes of the host, for a privileged container. Whether they can be opened is the host's permissions to say. */
export function hostDevices(directory = '/dev'): readonly string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    if (directory === '/dev' && OWN.has(entry.name)) return [];
    const path = join(directory, entry.name);
    if (entry.isCharacterDevice() || entry.isBlockDevice()) return [path];
    return entry.isDirectory() ? readable(path) : [];
  });
}

function readable(directory: string): readonly string[] {
  try {
    return hostDevices(directory);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'ENOENT') return [];
    throw error;
  }
}
