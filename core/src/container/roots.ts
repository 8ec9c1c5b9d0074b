import { chownSync, existsSync, mkdirSync } from 'node:fs';
import type { Asker } from '../plan/refusal.ts';
import type { Roots } from '../plan/resolve.ts';
import type { ContainerContext } from './context.ts';

type Places = Pick<ContainerContext, 'store' | 'machine'>;

/** The roots of one driver's plan, for one container when there is one. */
export function rootsOf(
  { store: { paths } }: Places,
  asker: Pick<Asker, 'kind' | 'driver'>,
  container?: string,
): Roots {
  return {
    path(root) {
      if (root === 'layers' && asker.kind === 'storage') return paths.layers(asker.driver);
      if (root === 'state') return paths.driver(asker.kind, asker.driver);
      if (root === 'container' && container !== undefined) return paths.container(container);
      // Each driver has a place of its own there, as the core's own files lie beside it.
      if (root === 'runtime') return `${paths.runtime()}/${asker.kind}-${asker.driver}`;
      throw new Error(`a plan of ${asker.kind} driver ${asker.driver} has no root ${root}:`);
    },
  };
}

/** Makes the directories that a driver's plans work in, if they aren't there. */
export function ensureDriverRoots(places: Places, { kind, driver }: Pick<Asker, 'kind' | 'driver'>): void {
  const { paths } = places.store;
  if (kind === 'storage') ensureOwned(places, paths.layers(driver));
  ensureOwned(places, paths.driver(kind, driver));
}

/** Makes a directory that the containers' root can write to. */
export function ensureOwned({ machine }: Places, path: string): void {
  if (existsSync(path)) return;
  mkdirSync(path, { recursive: true, mode: machine.mappedRoot === undefined ? 0o700 : 0o711 });
  giveToRoot(machine, path);
}

/** Gives a file to the containers' root, when that isn't the user itself. */
export function giveToRoot(machine: ContainerContext['machine'], path: string): void {
  const owner = machine.mappedRoot;
  if (owner !== undefined) chownSync(path, owner.uid, owner.gid);
}
