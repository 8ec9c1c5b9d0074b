import { usernsError } from '../idmap/error.ts';
import {
  chooseRange,
  heldBy,
  type IdRange,
  type PrivateIds,
  requireSubordinateIds,
  withoutUser,
} from '../idmap/private-ids.ts';
import { parseUserns, type Userns } from '../idmap/userns.ts';
import { ensureMappedLayers, mappedChain } from '../image/mapped-layers.ts';
import { mappedName } from '../image/mapped-name.ts';
import type { Drivers } from '../plugin/drivers.ts';
import type { Database } from '../store/database.ts';
import { dropDeadLeases, type Lease } from '../store/lease.ts';
import type { ContainerContext } from './context.ts';
import { idsOfImage } from './image-ids.ts';
import { ownLogin } from './own-ids.ts';
import type { ContainerSpec } from './record.ts';
import { sweep } from './remove.ts';

/** Ids that a container has at least, so that images of another size can follow it, as in podman. */
const FEWEST = 1024;

interface Held {
  readonly uids: readonly IdRange[];
  readonly gids: readonly IdRange[];
}

/**
 * Gives a container the ids that `--userns auto` or `nomap` asks for, and has its image's files copied for them.
 * @param lease Keeps both until the container is written down; without one, nothing is taken or made, and the image's own
 *   layers stand for copies that aren't there.
 * @throws WherryError `E_USERNS`
 */
export async function settlePrivateIds(
  context: ContainerContext,
  drivers: Drivers,
  spec: ContainerSpec,
  lease: Lease | undefined,
): Promise<ContainerSpec> {
  const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const userns = parseUserns(spec.given?.userns ?? '', own);
  if (userns.kind !== 'auto' && userns.kind !== 'nomap') return spec;
  if (spec.rootfs !== undefined) throw ofDirectory(userns.kind);
  const { idmap } = context.machine;
  requireSubordinateIds(userns.kind, idmap, ownLogin());
  const ids =
    userns.kind === 'nomap' ? withoutUser(idmap) : await range(context, drivers, spec, userns, lease);
  const layers = async (top: string | undefined): Promise<string | undefined> => {
    if (top === undefined) return undefined;
    if (lease !== undefined) return ensureMappedLayers(context, spec.storageDriver, top, ids, lease);
    return hasLayer(context.store.database, spec.storageDriver, mappedName(top, ids))
      ? mappedName(top, ids)
      : top;
  };
  const mounts: ContainerSpec['mounts'][number][] = [];
  for (const mount of spec.mounts) {
    mounts.push(mount.kind === 'image' ? { ...mount, topLayer: await layers(mount.topLayer) } : mount);
  }
  return { ...spec, ids, mounts, topLayer: await layers(spec.topLayer) };
}

/** The layers that the first start of a drafted container would copy. */
export function layersToCopy(
  { store: { database } }: ContainerContext,
  { storageDriver, topLayer, ids }: ContainerSpec,
): readonly string[] {
  if (ids === undefined || topLayer === undefined || topLayer.includes('.')) return [];
  return mappedChain(database, storageDriver, topLayer, ids, false)
    .filter(({ chainId }) => !hasLayer(database, storageDriver, chainId))
    .map(({ origin }) => origin);
}

async function range(
  context: ContainerContext,
  drivers: Drivers,
  spec: ContainerSpec,
  userns: Extract<Userns, { kind: 'auto' }>,
  lease: Lease | undefined,
): Promise<PrivateIds> {
  const { database } = context.store;
  const size = userns.size ?? (await sizeFor(context, drivers, spec));
  // What ended containers had is free, and so the next one has the ids, and the copies, of the one before.
  if (lease !== undefined) await sweep(context);
  return database.transaction(() => {
    if (lease !== undefined) dropDeadLeases(database);
    const { uids, gids } = taken(database);
    const { idmap } = context.machine;
    const ids = chooseRange(userns, size, {
      uids: { common: idmap.uids, taken: uids },
      gids: { common: idmap.gids, taken: gids },
    });
    lease?.hold('ids', [JSON.stringify({ uids: heldBy(ids.uids), gids: heldBy(ids.gids) } satisfies Held)]);
    return ids;
  });
}

async function sizeFor(context: ContainerContext, drivers: Drivers, spec: ContainerSpec): Promise<number> {
  const { storageDriver, topLayer, user, options } = spec;
  const ofImage = topLayer === undefined ? 0 : await idsOfImage(context, drivers, storageDriver, topLayer);
  const named = [...user.split(':'), ...(options?.groupAdd ?? [])].filter((id) => /^\d{1,9}$/.test(id));
  return Math.max(FEWEST, ofImage, ...named.map((id) => Number(id) + 1));
}

/** What containers with `auto` have, of any state, and those that are being made. */
function taken(database: Database): Held {
  const made = database
    .all<{ ids: string }>(
      `SELECT json_extract(spec, '$.ids') AS ids FROM container WHERE json_extract(spec, '$.ids.kind') = 'auto'`,
    )
    .map(({ ids }) => JSON.parse(ids) as PrivateIds)
    .map(({ uids, gids }) => ({ uids: heldBy(uids), gids: heldBy(gids) }));
  const leased = database
    .all<{ name: string }>(`SELECT name FROM lease_item WHERE kind = 'ids'`)
    .map(({ name }) => JSON.parse(name) as Held);
  const all = [...made, ...leased];
  return { uids: all.flatMap(({ uids }) => uids), gids: all.flatMap(({ gids }) => gids) };
}

function hasLayer(database: Database, driver: string, name: string): boolean {
  const row = database.get('SELECT 1 FROM layer WHERE driver = ? AND chain_id = ?', driver, name);
  return row !== undefined;
}

function ofDirectory(kind: string) {
  return usernsError(
    `--userns ${kind} can't be had with --rootfs: the files of that directory belong to you, and the container would have none of your ids.`,
    'Make an image of them (tar -C DIRECTORY -c . | wherry import - NAME), whose files are copied for it.',
  );
}
