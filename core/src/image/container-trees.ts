import { existsSync } from 'node:fs';
import type { ContainerContext } from '../container/context.ts';
import { driverGrants } from '../container/drivers.ts';
import { notFound } from '../container/find.ts';
import { rootsOf } from '../container/roots.ts';
import { readOwners } from '../layer/owners.ts';
import type { OwnerRecord } from '../layer/squash.ts';
import { checkLocation } from '../plan/location.ts';
import { planRefused, Refusal } from '../plan/refusal.ts';
import { resolveLocation } from '../plan/resolve.ts';
import type { Location } from '../plugin/contract.ts';
import type { BytePath } from '../tree/protocol.ts';

/** Where a container's files are, on the host. Before its first start there is no `upper`. */
export type ContainerTrees = {
  /** What the layers' trees can't hold, by path. */
  readonly owners: ReadonlyMap<BytePath, OwnerRecord>;
} & (
  | {
      /** `upper` holds the changes over the stack of `lower`, topmost first. */
      readonly kind: 'stack';
      readonly upper: string | undefined;
      readonly lower: readonly string[];
    }
  | {
      /** `upper` is whole, as `lower` is, from which it was copied. */
      readonly kind: 'whole';
      readonly upper: string | undefined;
      readonly lower: string | undefined;
    }
);

/** Asks a container's storage driver for its trees, and reads what is recorded beside those of its layers. */
export async function containerTrees(context: ContainerContext, id: string): Promise<ContainerTrees> {
  const spec = context.table.spec(id);
  if (spec === undefined) throw notFound(id);
  const storage = (await context.drivers()).storage(spec.storageDriver);
  const asker = { kind: 'storage', driver: storage.info.name, request: 'changed' } as const;
  const path = (location: Location): string => {
    try {
      checkLocation('storage', location, 'source', driverGrants(storage));
    } catch (error) {
      if (error instanceof Refusal) throw planRefused(asker, 'a tree', error.message);
      throw error;
    }
    return resolveLocation(location, rootsOf(context, asker, id));
  };
  const treeOf = (name: string): string => {
    const { value } = storage.changed(name);
    return path(value.tag === 'tree' ? value.val.at : value.val.upper);
  };
  const layers = chainOf(context, spec.storageDriver, spec.topLayer).map(treeOf);
  const owners = new Map<BytePath, OwnerRecord>();
  for (const layer of layers.toReversed()) {
    for (const [name, record] of await readOwners(`${layer}.owners`)) owners.set(name, record);
  }
  const { value } = storage.changed(id);
  const there = (tree: string) => (existsSync(tree) ? tree : undefined);
  if (value.tag === 'tree') return { kind: 'stack', owners, upper: there(path(value.val.at)), lower: layers };
  const { upper, lower } = value.val;
  return {
    kind: 'whole',
    owners,
    upper: there(path(upper)),
    lower: lower === undefined ? undefined : path(lower),
  };
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
