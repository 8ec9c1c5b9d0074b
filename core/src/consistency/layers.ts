import type { ContainerContext } from '../container/context.ts';
import { DriverLayerStore } from '../image/layer-store.ts';
import type { Database } from '../store/database.ts';
import { DriverCheck, type LayerFindings, type LayersContext, UNPACKED } from './driver-layers.ts';
import type { Fault } from './fault.ts';
import { LayerFiles } from './layer-files.ts';
import { imageNames } from './names.ts';

/**
 * Compares the unpacked layers of every storage driver: the database with the driver's own records, both with the trees, and, when
 * looked at thoroughly, each tree with what its blob unpacks to.
 */
export async function checkLayers(
  context: LayersContext,
  { thorough }: { readonly thorough: boolean },
): Promise<LayerFindings> {
  const { database } = context.containers.store;
  const faults: Fault[] = [];
  let count = 0;
  let unread = 0;
  const unrecorded = new Set<string>();
  const installed = new Set(await installedDrivers(context.containers));
  for (const driver of driversInUse(database)) {
    if (!installed.has(driver)) {
      faults.push(notInstalled(driver));
      continue;
    }
    const check = await DriverCheck.open(context, driver);
    const found = await check.run(thorough);
    faults.push(...found.faults);
    count += found.count;
    unread += found.unread;
    for (const each of check.unrecorded) unrecorded.add(each);
  }
  return { count, unread, faults: [...faults, ...unpackedNowhere(context, unrecorded)] };
}

/** Layers of images that no driver has: an image is unpacked before it is recorded. */
function unpackedNowhere(context: LayersContext, unrecorded: ReadonlySet<string>): readonly Fault[] {
  const { database } = context.containers.store;
  const names = imageNames(database);
  return database
    .all<{ chain_id: string; image: string }>(
      `SELECT chain_id, image FROM image_layer
       WHERE NOT EXISTS (SELECT 1 FROM layer WHERE layer.chain_id = image_layer.chain_id) ORDER BY image, position`,
    )
    .filter(({ chain_id }) => !unrecorded.has(chain_id))
    .map(({ chain_id, image }) => ({
      kind: 'layer',
      subject: chain_id,
      message: `The layer ${chain_id} of image ${names(image)} is not unpacked.`,
      mend: async () => {
        await context.ensureLayers(image, driverOf(database));
        return UNPACKED;
      },
    }));
}

/** The one that has most; `''` leaves the choice to the configuration. */
function driverOf(database: Database): string {
  const row = database.get<{ driver: string }>(
    'SELECT driver FROM layer GROUP BY driver ORDER BY count(*) DESC LIMIT 1',
  );
  return row?.driver ?? '';
}

/** Storage drivers that hold something. */
export function driversInUse(database: Database): readonly string[] {
  return database
    .all<{ driver: string }>(
      `SELECT DISTINCT driver FROM layer
       UNION SELECT storage_driver FROM container
       UNION SELECT substr(driver, 9) FROM driver_state WHERE driver LIKE 'storage-%'`,
    )
    .map(({ driver }) => driver);
}

async function installedDrivers(context: ContainerContext): Promise<readonly string[]> {
  return (await context.drivers()).list().flatMap(({ kind, name }) => (kind === 'storage' ? name : []));
}

function notInstalled(driver: string): Fault {
  return {
    kind: 'layer',
    subject: driver,
    message: `There are layers or containers of the storage driver ${driver}, which isn't installed.`,
  };
}

/** Directories of a storage driver's that none of its records explains. */
export async function strayDirectories(
  context: LayersContext,
  driver: string,
  present: readonly string[],
): Promise<readonly string[]> {
  if (!(await installedDrivers(context.containers)).includes(driver)) return [];
  const storage = (await context.containers.drivers()).storage(driver);
  const files = new LayerFiles(
    context.containers,
    storage,
    new DriverLayerStore(context.containers, storage),
  );
  const trees = files.snapshots().map(({ name }) => files.tree(name));
  return present.filter((path) => !trees.some((tree) => tree === path || tree.startsWith(`${path}/`)));
}
