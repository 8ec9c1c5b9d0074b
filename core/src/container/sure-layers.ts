import { LayerDurability } from '../image/layer-durability.ts';
import { doubtLayersOfOtherIds } from '../image/layer-ids.ts';
import type { ContainerContext } from './context.ts';
import type { ContainerSpec } from './record.ts';

/**
 * Before the files below a container are used: writes those layers anew that may not have reached the disk before the machine went
 * down, or that were unpacked with other ids. Where neither is so, it asks two queries.
 * @throws WherryError `E_LAYER_UNSURE`
 */
export async function sureLayers(
  context: ContainerContext,
  { storageDriver, topLayer, mounts }: Pick<ContainerSpec, 'storageDriver' | 'topLayer' | 'mounts'>,
): Promise<void> {
  doubtLayersOfOtherIds(context.store.database, context.machine.idmap);
  if (!new LayerDurability(context.store, context.processes.bootId()).anyDoubtful()) return;
  const { renewDoubtful } = await import('../image/doubtful-layers.ts');
  const images = mounts.flatMap((mount) => (mount.kind === 'image' ? [mount.topLayer] : []));
  await renewDoubtful(context, storageDriver, [topLayer, ...images]);
}
