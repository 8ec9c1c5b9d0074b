import { WherryError } from '../errors/error.ts';
import type { Drivers } from '../plugin/drivers.ts';
import type { Store } from '../store/store.ts';
import type { Machine } from './machine.ts';
import { readSetting, writeSetting } from './setting.ts';

export interface StorageChoice {
  readonly name: string;
  readonly reason: string;
}

/**
 * The storage driver that fits this machine best. The drivers are asked once for a kernel, a file system and a set of
 * drivers, as loading all of them takes longer than all else that a start needs.
 * @throws WherryError `E_NO_STORAGE_DRIVER` when none works here
 */
export function bestStorage(
  { store, machine }: { readonly store: Store; readonly machine: Machine },
  drivers: Drivers,
): StorageChoice {
  const known = drivers.list().filter(({ kind }) => kind === 'storage');
  const { release } = machine.platform.kernel;
  const key = [
    'storage-driver',
    release,
    store.paths.filesystem,
    ...known.map((d) => `${d.name}@${d.version}`),
  ].join(' ');
  const kept = readSetting(store.database, key);
  if (kept !== undefined) return JSON.parse(kept) as StorageChoice;
  const candidates = drivers.candidates('storage', machine.facts);
  const best = candidates.find(({ score }) => score > 0);
  if (best === undefined) {
    throw new WherryError('No storage driver works on this machine.', {
      code: 'E_NO_STORAGE_DRIVER',
      hint:
        candidates.map(({ name, reason }) => `${name}: ${reason}`).join('; ') || 'Install a storage driver.',
    });
  }
  const choice = { name: best.name, reason: best.reason };
  writeSetting(store.database, key, JSON.stringify(choice));
  return choice;
}
