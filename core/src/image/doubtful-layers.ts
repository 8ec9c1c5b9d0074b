import type { ContainerContext } from '../container/context.ts';
import { WherryError } from '../errors/error.ts';
import { Lease } from '../store/lease.ts';
import { LayerDurability } from './layer-durability.ts';
import { OTHER_IDS } from './layer-ids.ts';
import type { LayerIds } from './mapped-name.ts';

/**
 * Writes the layers anew that may not have reached the disk before the machine went down (`LayerDurability`), from those named
 * downwards.
 * @param tops chain ids
 * @throws WherryError `E_LAYER_UNSURE` when they can't be, as their image is gone
 */
export async function renewDoubtful(
  context: ContainerContext,
  driver: string,
  tops: readonly (string | undefined)[],
): Promise<void> {
  const { database } = context.store;
  const durability = new LayerDurability(context.store);
  for (const top of tops) {
    const chain = database.all<{ id: string; unsynced: string | null }>(
      `WITH RECURSIVE chain(id, parent, unsynced) AS (
         SELECT chain_id, parent, unsynced FROM layer WHERE driver = ?1 AND chain_id = ?2
         UNION ALL
         SELECT layer.chain_id, layer.parent, layer.unsynced FROM layer JOIN chain ON layer.chain_id = chain.parent
         WHERE layer.driver = ?1)
       SELECT id, unsynced FROM chain`,
      driver,
      top ?? null,
    );
    const doubtful = chain.find(({ unsynced }) => durability.isDoubtful(unsynced));
    if (doubtful === undefined || top === undefined) continue;
    const mapped = database.get<{ origin: string; ids: string }>(
      'SELECT origin, ids FROM mapped_layer WHERE driver = ? AND chain_id = ?',
      driver,
      top,
    );
    if (mapped !== undefined) {
      await renewDoubtful(context, driver, [mapped.origin]);
      const { ensureMappedLayers } = await import('./mapped-layers.ts');
      using lease = new Lease(database);
      await ensureMappedLayers(context, driver, mapped.origin, JSON.parse(mapped.ids) as LayerIds, lease);
      continue;
    }
    const row = database.get<{ image: string }>('SELECT image FROM image_layer WHERE chain_id = ?', top);
    if (row === undefined) throw unsure(doubtful.id, doubtful.unsynced === OTHER_IDS);
    await (await context.images()).ensureLayers(row.image, driver);
  }
}

function unsure(chainId: string, otherIds: boolean): WherryError {
  const reason = otherIds
    ? `The layer ${chainId} was unpacked with other ids than you have now`
    : `The machine went down before the layer ${chainId} was known to be on the disk`;
  return new WherryError(`${reason}, and its image isn't here any more.`, {
    code: 'E_LAYER_UNSURE',
    hint: 'Pull the image again, which writes the layer anew.',
  });
}
