import { LayerDurability } from '../image/layer-durability.ts';
import type { ContainerContext } from './context.ts';
import type { ContainerSpec } from './record.ts';

/**
 * Before the files below a container are used: writes those layers anew that may not have reached the disk before the machine went
 * down. On a machine that stayed up it asks one query.
 * @throws WherryError `E_LAYER_UNSURE`
 */
export async function sureLayers(
  context: ContainerContext,
  { storageDriver, topLayer, mounts }: Pick<ContainerSpec, 'storageDriver' | 'topLayer' | 'mounts'>,
): Promise<void> {
  if (!new LayerDurability(context.store, context.processes.bootId()).anyDoubtful()) return;
  const { renewDoubtful } = await import('../image/doubtful-layers.ts');
  const images = mounts.flatMap((mount) => (mount.kind === 'image' ? [mount.topLayer] : []));
  await renewDoubtful(context, storageDriver, [topLayer, ...images]);
}
