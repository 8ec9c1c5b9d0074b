import type { ContainerContext } from '../container/context.ts';
import type { Database } from '../store/database.ts';
import { Lease } from '../store/lease.ts';
import { claimWhenFree } from './claim.ts';
import { renewDoubtful } from './doubtful-layers.ts';
import { DriverLayerStore } from './layer-store.ts';
import { type LayerIds, mappedName } from './mapped-name.ts';

/** A layer that is a copy of an image's, with its owners shifted. */
export interface MappedLayer {
  readonly chainId: string;
  /** Chain id of the image's layer. */
  readonly origin: string;
  /** Name of the copy below; undefined for the bottom one, and where a copy is whole by itself. */
  readonly parent: string | undefined;
}

interface LayerRow {
  readonly chain_id: string;
  readonly parent: string | null;
}

/** What is to be copied for a container, from the bottom up. @param whole whether a layer's tree holds those below, too */
export function mappedChain(
  database: Database,
  driver: string,
  top: string,
  ids: LayerIds,
  whole: boolean,
): readonly MappedLayer[] {
  if (whole) return [{ chainId: mappedName(top, ids), origin: top, parent: undefined }];
  const rows = database.all<LayerRow>(
    `WITH RECURSIVE chain(chain_id, parent, depth) AS (
       SELECT chain_id, parent, 0 FROM layer WHERE driver = ?1 AND chain_id = ?2
       UNION ALL
       SELECT layer.chain_id, layer.parent, depth + 1 FROM layer JOIN chain ON layer.chain_id = chain.parent
       WHERE layer.driver = ?1)
     SELECT chain_id, parent FROM chain ORDER BY depth DESC`,
    driver,
    top,
  );
  return rows.map(({ chain_id: origin, parent }) => ({
    chainId: mappedName(origin, ids),
    origin,
    parent: parent === null ? undefined : mappedName(parent, ids),
  }));
}

/**
 * Has an image's layers copied with the owners that they have for a container, as far as they aren't. A copy is a layer like
 * any other; it is kept as long as a container stands on it, or the image is here, so that the next container with these ids
 * finds it.
 * @param lease keeps what is found or made
 * @returns the name of the topmost copy
 * @throws WherryError `E_USERNS` when a file has an owner that the container lacks
 */
export async function ensureMappedLayers(
  context: ContainerContext,
  driver: string,
  top: string,
  ids: LayerIds,
  lease: Lease,
): Promise<string> {
  const { database } = context.store;
  const store = new DriverLayerStore(context, (await context.drivers()).storage(driver));
  const chain = mappedChain(database, driver, top, ids, store.wholeTrees(top));
  lease.hold(
    'layer',
    chain.flatMap(({ chainId, origin }) => [chainId, origin]),
  );
  const missing = chain.filter(({ chainId }) => !store.has(chainId));
  if (missing.length === 0) return mappedName(top, ids);
  await renewDoubtful(context, driver, [top]);
  await store.cleanup();
  using work = new Lease(database);
  for (const layer of missing) {
    await claimWhenFree(work, 'mapped-layer', `${driver}:${layer.chainId}`, undefined);
    if (!store.has(layer.chainId)) await store.commit(await store.copy(layer, ids));
    work.disclaim('mapped-layer', `${driver}:${layer.chainId}`);
  }
  await store.confirm();
  return mappedName(top, ids);
}

/** A layer that is a copy, with the ids that it was made for. */
export type CopiedLayer = MappedLayer & { readonly ids: LayerIds };

/** What a layer is a copy of; undefined for one that isn't, and where that layer isn't here any more. @param parent its own */
export function findCopied(
  database: Database,
  driver: string,
  chainId: string,
  parent: string | undefined,
): CopiedLayer | undefined {
  const row = database.get<{ origin: string; ids: string }>(
    `SELECT origin, ids FROM mapped_layer JOIN layer ON layer.driver = mapped_layer.driver AND layer.chain_id = origin
     WHERE mapped_layer.driver = ? AND mapped_layer.chain_id = ?`,
    driver,
    chainId,
  );
  return row && { chainId, parent, origin: row.origin, ids: JSON.parse(row.ids) as LayerIds };
}
