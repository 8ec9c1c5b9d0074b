import { existsSync } from 'node:fs';
import type { ContainerContext } from './context.ts';
import { MOUNT_POINTS } from './mount-points.ts';
import type { PathChange } from './operations.ts';
import { rootTrees } from './rootfs.ts';
import { nothingApart } from './storage.ts';
import { withWorker } from './worker.ts';

/** The paths in which a container's root differs from its image, parents before their members. */
export async function containerChanges(
  context: ContainerContext,
  id: string,
): Promise<readonly PathChange[]> {
  const trees = await rootTrees(context, id);
  if (trees.kind === 'directory') throw nothingApart(trees.tree);
  const upper = trees.kind === 'overlay' ? trees.upper : trees.tree;
  const lower = trees.kind === 'overlay' ? trees.lower : trees.origin === undefined ? [] : [trees.origin];
  // Before its first start a container has no files.
  if (!existsSync(upper)) return [];
  const style = trees.kind === 'overlay' ? 'overlay' : 'apply';
  const found: PathChange[] = [];
  await withWorker(context, async (worker) => {
    for await (const { kind, path } of worker.compare({ upper, lower, style })) {
      if (path !== '') found.push({ kind, path: `/${Buffer.from(path, 'latin1').toString('utf8')}` });
    }
  });
  return withoutMountPoints(found);
}

/** Leaves out what starts make, and directories that changed by nothing else. */
export function withoutMountPoints(all: readonly PathChange[]): readonly PathChange[] {
  const kept = all.filter(({ kind, path }) => kind !== 'A' || !MOUNT_POINTS.has(path.slice(1)));
  const parents = new Set(
    all.filter((change) => !kept.includes(change)).map(({ path }) => path.slice(0, path.lastIndexOf('/'))),
  );
  return kept.filter(
    ({ kind, path }) =>
      kind !== 'C' || !parents.has(path) || kept.some((each) => each.path.startsWith(`${path}/`)),
  );
}
