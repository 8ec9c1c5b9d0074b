import { existsSync } from 'node:fs';
import { type ContainerContext, fold } from '../container/context.ts';
import type { ContainerRow } from '../container/record.ts';
import { purge } from '../container/remove.ts';
import { ownTree, rootTrees } from '../container/rootfs.ts';
import { WherryError } from '../errors/error.ts';
import type { Fault, Findings } from './fault.ts';

/** Containers have their layers, their trees and their directories; what is going is not looked at. */
export async function checkContainers(context: ContainerContext): Promise<Findings> {
  const { table } = context;
  const { gone, leaving } = fold(context, table.inState('started'));
  const rows = table.all();
  const faults: Fault[] = [];
  for (const row of rows) {
    if (gone.has(row.id) || leaving.has(row.id)) continue;
    faults.push(...(await containerFaults(context, row)));
  }
  return { count: rows.length, faults };
}

async function containerFaults(context: ContainerContext, row: ContainerRow): Promise<readonly Fault[]> {
  const { store, table } = context;
  const fault = (message: string, mend?: () => Promise<string>): Fault => ({
    kind: 'container',
    subject: row.id,
    message: `The container ${row.name} ${message}`,
    ...(mend && { mend }),
  });
  if (row.state === 'removing') {
    return [
      {
        ...fault('was being removed when the command was ended.', async () => {
          await purge(context, row.id);
          return 'Its removal has been completed.';
        }),
        kind: 'leftover',
      },
    ];
  }
  const spec = table.spec(row.id);
  const lost = layersOf(context, row.id).filter((each) => !hasLayer(context, each));
  const faults = lost.map((each) =>
    fault(`stands on the layer ${each.layer}, which is not there.`, async () => {
      if (hasLayer(context, each)) return 'It is there again.';
      throw new WherryError('Pull the image that it was made of again.', {
        code: 'E_IMAGE_INCOMPLETE',
        hint: `wherry pull ${row.image}`,
      });
    }),
  );
  // One that has never been started has no files yet.
  if (spec === undefined || table.pending(row.id) !== undefined) return faults;
  if (!existsSync(store.paths.container(row.id)))
    faults.push(fault('has lost its directory, with its logs and how it ended.'));
  const tree = await treeOf(context, row.id);
  if (typeof tree === 'object') faults.push(fault(tree.wrong));
  else if (!existsSync(tree)) faults.push(fault('has lost its files.'));
  return faults;
}

interface DriverLayer {
  readonly driver: string;
  /** Chain id. */
  readonly layer: string;
}

function hasLayer({ store }: ContainerContext, { driver, layer }: DriverLayer): boolean {
  const found = store.database.get('SELECT 1 FROM layer WHERE driver = ? AND chain_id = ?', driver, layer);
  return found !== undefined;
}

function layersOf({ store }: ContainerContext, id: string): readonly DriverLayer[] {
  return store.database.all<DriverLayer>(
    `SELECT storage_driver AS driver, top_layer AS layer FROM container WHERE id = ?1 AND top_layer IS NOT NULL
     UNION SELECT storage_driver, top_layer FROM container_mounted_image WHERE container = ?1`,
    id,
  );
}

async function treeOf(context: ContainerContext, id: string): Promise<string | { readonly wrong: string }> {
  try {
    return ownTree(await rootTrees(context, id));
  } catch (error) {
    if (!(error instanceof WherryError)) throw error;
    return { wrong: `is not known to its storage driver: ${error.message.replace(/\.$/, '')}.` };
  }
}
