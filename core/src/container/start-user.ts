import type { ContainerOperation, PrepareStep } from '../program/operation.ts';
import type { ContainerContext } from './context.ts';
import { cacheDirectory } from './machine.ts';
import type { ContainerRow, ContainerSpec } from './record.ts';
import { readUserFiles, UserFileCache, type UserFiles } from './user-files.ts';

const NONE: UserFiles = { passwd: '', group: '' };

/**
 * /etc/passwd and /etc/group as they are in a container. Before its first start these are the image's, which are kept;
 * later the container may have changed them, and they are read anew.
 */
export async function userFilesOf(
  context: ContainerContext,
  row: ContainerRow,
  spec: ContainerSpec,
  rootfs: readonly ContainerOperation[],
  pending: readonly PrepareStep[],
): Promise<UserFiles> {
  const { own, image } = trees(rootfs, pending);
  if (row.startedAt !== undefined || spec.prepared === true) return readWith(context, [...own, ...image]);
  if (spec.rootfs !== undefined) return readWith(context, spec.rootfs.mode === 'direct' ? own : image);
  if (spec.topLayer === undefined || image.length === 0) return NONE;
  const cache = new UserFileCache(cacheDirectory(context.store, 'users'));
  const kept = cache.get(spec.topLayer);
  if (kept !== undefined) return kept;
  const files = await readWith(context, image);
  cache.put(spec.topLayer, files);
  return files;
}

/** The trees that the root file system is made of: the container's own, and below it the image's, topmost first. */
export function trees(
  rootfs: readonly ContainerOperation[],
  pending: readonly PrepareStep[],
): { readonly own: readonly string[]; readonly image: readonly string[] } {
  for (const operation of rootfs) {
    if (operation.op === 'rootfs-overlay') {
      const own = operation.upper === undefined ? [] : [operation.upper.upperdir];
      return { own, image: operation.lower };
    }
    if (operation.op === 'rootfs-bind') {
      // A driver that copies takes the image's tree as it is.
      const copied = pending.flatMap((step) => (step.do.op === 'copy-tree' ? step.do.source : []));
      return { own: [operation.source], image: copied };
    }
  }
  return { own: [], image: [] };
}

async function readWith(context: ContainerContext, roots: readonly string[]): Promise<UserFiles> {
  const { withWorker } = await import('./worker.ts');
  return withWorker(context, (worker) => readUserFiles(worker, roots));
}
