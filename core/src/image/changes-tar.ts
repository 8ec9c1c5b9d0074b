import { MOUNT_POINTS } from '../container/mount-points.ts';
import { packTree } from '../layer/pack.ts';
import { endOfArchive } from '../layer/tar-writer.ts';
import type { BytePath } from '../tree/protocol.ts';
import type { TreeWorker } from '../tree/worker.ts';
import type { ContainerTrees } from './container-trees.ts';

/** What a container changed, as a layer's archive (image-spec, layer.md), with the owners that were recorded for its image. */
export async function* changesTar(
  worker: TreeWorker,
  trees: ContainerTrees,
  signal?: AbortSignal,
): AsyncGenerator<Buffer> {
  const { upper, owners } = trees;
  if (upper === undefined) {
    yield endOfArchive();
    return;
  }
  const lower = trees.kind === 'stack' ? trees.lower : trees.lower === undefined ? [] : [trees.lower];
  const style = trees.kind === 'stack' ? 'overlay' : 'apply';
  const made = new Set<BytePath>();
  const changed = new Set<BytePath>();
  const deleted: BytePath[] = [];
  for await (const { kind, path } of worker.compare({ upper, lower, style })) {
    if (kind === 'A' && MOUNT_POINTS.has(path)) made.add(path);
    else if (kind === 'D') deleted.push(path);
    else changed.add(path);
  }
  const common = { worker, root: upper, style, owners, ...(signal && { signal }) } as const;
  if (trees.kind === 'stack') {
    yield* packTree({ ...common, select: (path) => !made.has(path) });
    return;
  }
  await addLinkTargets(worker, upper, changed);
  yield* packTree({ ...common, select: (path) => changed.has(path), deleted });
}

/** A new name of an old file is a link, which needs the file in the same archive. */
async function addLinkTargets(worker: TreeWorker, upper: string, changed: Set<BytePath>): Promise<void> {
  const needed: BytePath[] = [];
  for await (const event of worker.scan(upper)) {
    if (event.kind !== 'entry' || event.entry.hardLinkTo === undefined) continue;
    if (changed.has(event.entry.path)) needed.push(event.entry.hardLinkTo);
  }
  for (const path of needed) changed.add(path);
}
