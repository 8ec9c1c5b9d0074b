import { existsSync } from 'node:fs';
import type { ContainerContext } from '../container/context.ts';
import { rootTrees } from '../container/rootfs.ts';
import { checkRootDirectory } from '../container/rootfs-directory.ts';
import { sureLayers } from '../container/sure-layers.ts';
import type { OwnerRecord } from '../layer/squash.ts';
import type { BytePath } from '../tree/protocol.ts';
import type { TreeWorker } from '../tree/worker.ts';
import { ownersOf } from './owner-records.ts';

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
export async function containerTrees(
  context: ContainerContext,
  id: string,
  worker: TreeWorker,
): Promise<ContainerTrees> {
  const spec = context.table.spec(id);
  if (spec?.rootfs !== undefined) checkRootDirectory(spec.rootfs);
  if (spec !== undefined) await sureLayers(context, spec);
  const trees = await rootTrees(context, id);
  const owners = await ownersOf(trees, worker);
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
