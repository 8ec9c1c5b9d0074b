import { existsSync } from 'node:fs';
import type { ContainerSummary } from '../api.ts';
import { WherryError } from '../errors/error.ts';
import { recordEvents } from '../event/fold.ts';
import type { ContainerContext } from './context.ts';
import { removeContainer } from './remove.ts';
import { ownTree, rootTrees } from './rootfs.ts';
import { withWorker } from './worker.ts';

const STOPPED: readonly string[] = ['created', 'exited', 'dead'];

/** What `container prune` removed. */
export interface PrunedContainers {
  readonly ids: readonly string[];
  /** Bytes of their own files. */
  readonly reclaimed: number;
}

/** Removes those of these containers that don't run and that `select` wants. One that has been started or removed since stays so. */
export async function pruneContainers(
  context: ContainerContext,
  all: readonly ContainerSummary[],
  select: (container: ContainerSummary) => boolean,
): Promise<PrunedContainers> {
  const ids: string[] = [];
  let reclaimed = 0;
  const wanted = all.filter((each) => STOPPED.includes(each.state) && select(each)).map(({ id }) => id);
  for (const [id, size] of await ownSizes(context, wanted)) {
    try {
      await removeContainer(context, id, {});
    } catch (error) {
      if (error instanceof WherryError && error.code === 'E_CONTAINER_RUNNING') continue;
      throw error;
    }
    ids.push(id);
    reclaimed += size;
  }
  const attributes = { reclaimed: String(reclaimed) };
  recordEvents(context, [{ type: 'container', action: 'prune', actor: '', attributes }]);
  return { ids, reclaimed };
}

/** Bytes of each container's own files, by one worker. */
async function ownSizes(context: ContainerContext, ids: readonly string[]): Promise<Map<string, number>> {
  const paths = new Map<string, string>();
  for (const id of ids) {
    const trees = await rootTrees(context, id);
    if (trees.kind !== 'directory') paths.set(id, ownTree(trees));
  }
  const sizes = new Map(ids.map((id) => [id, 0]));
  const there = [...paths].filter(([, path]) => existsSync(path));
  if (there.length === 0) return sizes;
  await withWorker(context, async (worker) => {
    for (const [id, path] of there) sizes.set(id, (await worker.usage([path])).apparent);
  });
  return sizes;
}
