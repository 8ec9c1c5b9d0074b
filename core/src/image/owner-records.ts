import { existsSync } from 'node:fs';
import type { RootTrees } from '../container/rootfs.ts';
import { readOwners } from '../layer/owners.ts';
import { isOpaque } from '../layer/pack.ts';
import type { OwnerRecord } from '../layer/squash.ts';
import type { BytePath } from '../tree/protocol.ts';
import type { TreeWorker } from '../tree/worker.ts';

/**
 * What is recorded of the files that a container sees, by path: of each the record of the layer that it comes from, and none of
 * what a layer above, or the container itself, has replaced or hidden.
 */
export async function ownersOf(
  trees: RootTrees,
  worker: TreeWorker,
): Promise<ReadonlyMap<BytePath, OwnerRecord>> {
  const owners = new Map<BytePath, OwnerRecord>();
  for (const layer of trees.layers.toReversed()) {
    // What a layer has anew is no more what was recorded of it below.
    if (trees.kind === 'overlay') await forget(owners, new Covered(worker, layer), true);
    if (trees.kind !== 'overlay') await readOwners(`${layer}.owners`, owners);
    else for (const [name, record] of await readOwners(`${layer}.owners`)) owners.set(name, record);
  }
  // A file in the container's own tree may be the image's, copied there as it was changed.
  if (trees.kind === 'overlay' && existsSync(trees.upper))
    await forget(owners, new Covered(worker, trees.upper), false);
  return owners;
}

async function forget(owners: Map<BytePath, OwnerRecord>, tree: Covered, replaced: boolean): Promise<void> {
  const paths = [...owners.keys()];
  const covered = await Promise.all(paths.map((path) => tree.covers(path, replaced)));
  for (const [index, path] of paths.entries()) if (covered[index]) owners.delete(path);
}

/** What a tree of a stack hides of those below it, as overlay has it. */
class Covered {
  readonly #worker: TreeWorker;
  readonly #tree: string;
  readonly #closed = new Map<BytePath, Promise<boolean | undefined>>();

  constructor(worker: TreeWorker, tree: string) {
    this.#worker = worker;
    this.#tree = tree;
  }

  /** @param replaced whether something at the path itself hides it, too, a whiteout for one */
  async covers(path: BytePath, replaced: boolean): Promise<boolean> {
    for (let end = 0; end >= 0; ) {
      const closed = await this.#isClosed(path.slice(0, end));
      if (closed !== false) return closed === true;
      end = path.indexOf('/', end + 1);
    }
    return replaced && (await this.#worker.stat(this.#tree, path)) !== undefined;
  }

  /** Whether nothing of the trees below is seen in a directory; undefined when there is none. */
  #isClosed(path: BytePath): Promise<boolean | undefined> {
    const known = this.#closed.get(path);
    if (known !== undefined) return known;
    const asked = this.#worker
      .stat(this.#tree, path)
      .then((entry) => (entry === undefined ? undefined : entry.type !== 'directory' || isOpaque(entry)));
    this.#closed.set(path, asked);
    return asked;
  }
}
