import { existsSync, lstatSync } from 'node:fs';
import type { ContainerContext } from '../container/context.ts';
import { type RootTrees, rootTrees } from '../container/rootfs.ts';
import { checkRootDirectory } from '../container/rootfs-directory.ts';
import { sureLayers } from '../container/sure-layers.ts';
import { readOwners } from '../layer/owners.ts';
import type { OwnerRecord } from '../layer/squash.ts';
import { errnoOf } from '../store/errno.ts';
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

/**
 * The trees of a container's root, with what is recorded beside those of its layers; for those who read them.
 * @throws WherryError `E_LAYER_UNSURE`
 */
export async function containerTrees(context: ContainerContext, id: string): Promise<ContainerTrees> {
  const spec = context.table.spec(id);
  if (spec?.rootfs !== undefined) checkRootDirectory(spec.rootfs);
  if (spec !== undefined) await sureLayers(context, spec);
  const trees = await rootTrees(context, id);
  const owners = await ownersOf(trees);
  const there = (tree: string) => (existsSync(tree) ? tree : undefined);
  return trees.kind === 'overlay'
    ? { kind: 'stack', owners, upper: there(trees.upper), lower: trees.lower }
    : {
        kind: 'whole',
        owners,
        upper: there(trees.tree),
        lower: trees.kind === 'copy' ? trees.origin : undefined,
      };
}

async function ownersOf({ kind, layers }: RootTrees): Promise<ReadonlyMap<BytePath, OwnerRecord>> {
  const owners = new Map<BytePath, OwnerRecord>();
  for (const layer of layers.toReversed()) {
    // What a layer has anew is no more what was recorded of it below.
    if (kind === 'overlay') for (const name of owners.keys()) if (isIn(layer, name)) owners.delete(name);
    if (kind !== 'overlay') await readOwners(`${layer}.owners`, owners);
    else for (const [name, record] of await readOwners(`${layer}.owners`)) owners.set(name, record);
  }
  return owners;
}

/** Whether a tree has something under a path, a whiteout too. */
function isIn(tree: string, path: BytePath): boolean {
  const name = Buffer.concat([Buffer.from(`${tree}/`), Buffer.from(path, 'latin1')]);
  try {
    return lstatSync(name, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    // Below a file, or below what is deleted as a whole.
    if (errnoOf(error) === 'ENOTDIR') return true;
    // In a directory that is closed to the user outside: then the record stays.
    if (['EACCES', 'ENAMETOOLONG', 'ELOOP'].includes(errnoOf(error) ?? '')) return false;
    throw error;
  }
}
