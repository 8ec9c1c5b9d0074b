import { checkPlan } from '../plan/check.ts';
import { encodePlan } from '../plan/encode.ts';
import type { Drivers } from '../plugin/drivers.ts';
import type { ContainerOperation } from '../program/operation.ts';
import type { ImageMount } from '../volume/mount.ts';
import type { ContainerContext } from './context.ts';
import { commitState, driverGrants } from './drivers.ts';
import { newContainerId } from './id.ts';
import { rootsOf } from './roots.ts';
import { trees } from './start-user.ts';
import { undone } from './undone.ts';

/** The trees of an image as its layers lie in the storage, topmost first, and how an overlay of them is mounted. */
export interface ImageView {
  readonly trees: readonly string[];
  readonly options: readonly string[];
}

/**
 * Asks the storage driver where an image's trees are, by way of a container on top of it that never comes to be.
 * @param topLayer Chain id; an image without layers has no trees.
 */
export function imageView(
  context: ContainerContext,
  drivers: Drivers,
  storageDriver: string,
  topLayer: string | undefined,
): ImageView {
  if (topLayer === undefined) return { trees: [], options: [] };
  const storage = drivers.storage(storageDriver);
  const { info } = storage;
  const { facts } = context.machine;
  const id = newContainerId();
  return undone(context, () => {
    const prepared = storage.prepareContainer({ id, parent: topLayer, facts, options: [] });
    commitState(context.store, [{ info, changes: prepared.changes }]);
    const mounts = storage.mounts({ id, readOnly: false, facts, options: [] });
    const encode = (steps: typeof prepared.value, request: string) => {
      const asker = { kind: 'storage', driver: info.name, request } as const;
      const plan = checkPlan({ asker, steps, grants: driverGrants(storage) });
      return encodePlan(plan, rootsOf(context, asker, id));
    };
    const pending = encode(prepared.value, 'prepare-container').prepare;
    const { container } = encode(mounts.value, 'mounts');
    const overlay = container.find(({ op }) => op === 'rootfs-overlay');
    return {
      trees: trees(container, pending).image,
      options: overlay?.op === 'rootfs-overlay' ? overlay.options : [],
    };
  });
}

/** What shows an image at a mount's target, read-only. */
export function imageMountOperation(
  { target }: ImageMount,
  { trees, options }: ImageView,
): ContainerOperation {
  const [only, ...more] = trees;
  if (only === undefined) {
    const flags = ['readonly', 'nosuid', 'nodev'] as const;
    return { op: 'mount', type: 'tmpfs', source: 'tmpfs', target, options: ['size=0k', 'mode=755'], flags };
  }
  if (more.length > 0) return { op: 'overlay', target, options, lower: trees };
  return {
    op: 'bind',
    source: only,
    target,
    recursive: false,
    flags: ['readonly', 'nosuid', 'nodev'],
    propagation: 'rprivate',
  };
}

/** The same as a root file system that is only read. */
export function imageRoot(mountpoint: string, { trees, options }: ImageView): ContainerOperation | undefined {
  const [only, ...more] = trees;
  if (only === undefined) return undefined;
  if (more.length === 0) return { op: 'rootfs-bind', mountpoint, source: only };
  return { op: 'rootfs-overlay', mountpoint, lower: trees, upper: undefined, options };
}
