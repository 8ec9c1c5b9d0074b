import { checkPlan } from '../plan/check.ts';
import { encodePlan } from '../plan/encode.ts';
import { checkLocation } from '../plan/location.ts';
import { planRefused, Refusal } from '../plan/refusal.ts';
import { resolveLocation } from '../plan/resolve.ts';
import type { Location } from '../plugin/contract.ts';
import type { ContainerContext } from './context.ts';
import { driverGrants } from './drivers.ts';
import { notFound } from './find.ts';
import { rootsOf } from './roots.ts';
import { type ContainerStorage, storageOf } from './storage.ts';

/** The trees that a container's root is made of, on the host. Before its first start it has none of its own. */
export type RootTrees = {
  /** Those of the image's layers, topmost first, each beside its record of owners (`TREE.owners`). */
  readonly layers: readonly string[];
} & (
  | {
      /** `upper` holds the changes over the stack of `lower`, topmost first. */
      readonly kind: 'overlay';
      readonly upper: string;
      readonly lower: readonly string[];
    }
  | {
      /** `tree` is whole, a copy of `origin`, which is missing for an image without layers. */
      readonly kind: 'copy';
      readonly tree: string;
      readonly origin: string | undefined;
    }
  | {
      /** `tree` is a directory of the host, which is no one container's. */
      readonly kind: 'directory';
      readonly tree: string;
    }
);

/** The tree that a container writes to. */
export function ownTree(trees: RootTrees): string {
  return trees.kind === 'overlay' ? trees.upper : trees.tree;
}

/** Asks the storage driver where the files of a container are. Changes nothing. */
export async function rootTrees(context: ContainerContext, id: string): Promise<RootTrees> {
  const { table } = context;
  const spec = table.spec(id);
  if (spec === undefined) throw notFound(id);
  if (spec.rootfs?.mode === 'direct') return { kind: 'directory', layers: [], tree: spec.rootfs.path };
  const storage = storageOf(await context.drivers(), spec);
  const path = pathsOf(context, storage, id);
  const { trees: layers } = treesOfChain(context, storage, spec.topLayer, path);
  const { value } = storage.changed(id);
  const below = spec.rootfs === undefined ? layers : [spec.rootfs.path];
  if (value.tag === 'tree') return { kind: 'overlay', layers, upper: path(value.val.at), lower: below };
  const { upper, lower } = value.val;
  return { kind: 'copy', layers, tree: path(upper), origin: lower === undefined ? undefined : path(lower) };
}

/** The trees of the layers down from one, topmost first, and whether each holds its changes alone or all of the ones below, too. */
export interface LayerTrees {
  readonly kind: 'changes' | 'whole';
  readonly trees: readonly string[];
}

/** Asks a storage driver where the files of an image are. Changes nothing. @param top chain id; undefined for an image without layers */
export async function layerTrees(
  context: ContainerContext,
  driver: string,
  top: string | undefined,
): Promise<LayerTrees> {
  const storage = (await context.drivers()).storage(driver);
  return treesOfChain(context, storage, top, pathsOf(context, storage, ''));
}

function treesOfChain(
  context: ContainerContext,
  storage: ContainerStorage,
  top: string | undefined,
  path: (location: Location) => string,
): LayerTrees {
  const changes = chainOf(context, storage.info.name, top).map((layer) => storage.changed(layer).value);
  return {
    kind: changes[0]?.tag === 'tree' ? 'changes' : 'whole',
    trees: changes.map((value) => path(value.tag === 'tree' ? value.val.at : value.val.upper)),
  };
}

/** Where a driver's locations are on the host, as far as it may name them. */
function pathsOf(
  context: ContainerContext,
  storage: ContainerStorage,
  container: string,
): (location: Location) => string {
  const asker = { kind: 'storage', driver: storage.info.name, request: 'changed' } as const;
  return (location) => {
    try {
      checkLocation('storage', location, 'source', driverGrants(storage));
    } catch (error) {
      if (error instanceof Refusal) throw planRefused(asker, 'a tree', error.message);
      throw error;
    }
    return resolveLocation(location, rootsOf(context, asker, container));
  };
}

/** The overlay that a container's root is mounted as, for those who look at it; undefined for another kind of root. */
export async function overlayMount(
  context: ContainerContext,
  id: string,
): Promise<{ readonly mountpoint: string; readonly work: string } | undefined> {
  const spec = context.table.spec(id);
  if (spec === undefined) throw notFound(id);
  const storage = storageOf(await context.drivers(), spec);
  const asker = { kind: 'storage', driver: storage.info.name, request: 'mounts' } as const;
  const { facts } = context.machine;
  const { value: steps } = storage.mounts({ id, readOnly: false, facts, options: [] });
  const plan = checkPlan({ asker, steps, grants: driverGrants(storage) });
  for (const operation of encodePlan(plan, rootsOf(context, asker, id)).container) {
    if (operation.op !== 'rootfs-overlay' || operation.upper === undefined) continue;
    return { mountpoint: operation.mountpoint, work: operation.upper.workdir };
  }
  return undefined;
}

/** Chain ids from the top down. */
function chainOf(
  { store: { database } }: ContainerContext,
  driver: string,
  top: string | undefined,
): readonly string[] {
  const chain: string[] = [];
  for (let id: string | null | undefined = top; id != null; ) {
    chain.push(id);
    id = database.get<{ parent: string | null }>(
      'SELECT parent FROM layer WHERE driver = ? AND chain_id = ?',
      driver,
      id,
    )?.parent;
  }
  return chain;
}
