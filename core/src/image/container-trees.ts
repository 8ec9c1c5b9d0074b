import { existsSync } from 'node:fs';
import type { ContainerContext } from '../container/context.ts';
import { type RootTrees, rootTrees } from '../container/rootfs.ts';
import { readOwners } from '../layer/owners.ts';
import type { OwnerRecord } from '../layer/squash.ts';
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

/** The trees of a container's root, with what is recorded beside those of its layers. */
export async function containerTrees(context: ContainerContext, id: string): Promise<ContainerTrees> {
  const trees = await rootTrees(context, id);
  const owners = await ownersOf(trees);
  const there = (tree: string) => (existsSync(tree) ? tree : undefined);
  return trees.kind === 'overlay'
    ? { kind: 'stack', owners, upper: there(trees.upper), lower: trees.lower }
    : { kind: 'whole', owners, upper: there(trees.tree), lower: trees.origin };
}

async function ownersOf({ layers }: RootTrees): Promise<ReadonlyMap<BytePath, OwnerRecord>> {
  const owners = new Map<BytePath, OwnerRecord>();
  for (const layer of layers.toReversed()) {
    for (const [name, record] of await readOwners(`${layer}.owners`)) owners.set(name, record);
  }
  return owners;
}
