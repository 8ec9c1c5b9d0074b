import { existsSync } from 'node:fs';
import { type ContainerContext, fold } from '../container/context.ts';
import { ownTree, rootTrees } from '../container/rootfs.ts';
import { withWorker } from '../container/worker.ts';
import { listImages } from '../image/list.ts';
import { ImageTable } from '../image/table.ts';
import type { ContainerUsage, DiskUsage, ImageUsage, VolumeUsage } from './usage.ts';

/** Measures the state directory: layers by what was unpacked, containers and volumes by what is on the disk now. */
export async function diskUsage(context: ContainerContext): Promise<DiskUsage> {
  const containers = await containerUsage(context);
  const images = imageUsage(context);
  const volumes = await volumeUsage(context);
  const sum = (items: readonly { readonly size: number }[]): number =>
    items.reduce((total, { size }) => total + size, 0);
  const idle = containers.filter(({ running }) => !running);
  const unused = volumes.filter(({ links }) => links === 0);
  const layers = layerTotals(context);
  return {
    images: {
      total: new Set(images.map(({ id }) => id)).size,
      active: new Set(images.filter((image) => image.containers > 0).map(({ id }) => id)).size,
      ...layers,
    },
    containers: {
      total: containers.length,
      active: containers.length - idle.length,
      size: sum(containers),
      reclaimable: sum(idle),
    },
    volumes: {
      total: volumes.length,
      active: volumes.length - unused.length,
      size: sum(volumes),
      reclaimable: sum(unused),
    },
    details: { images, containers, volumes },
  };
}

/** Each layer counts once for each storage driver that has unpacked it, and once more for each copy for a container's own ids. */
function layerTotals({ store }: ContainerContext): { readonly size: number; readonly reclaimable: number } {
  const rows = store.database.all<{ size: number; used: number }>(
    `SELECT size, EXISTS (SELECT 1 FROM image_layer JOIN container ON container.image_id = image_layer.image
                          WHERE image_layer.chain_id = layer.chain_id)
       OR EXISTS (SELECT 1 FROM mapped_layer JOIN container ON container.storage_driver = mapped_layer.driver
                  WHERE mapped_layer.driver = layer.driver AND mapped_layer.chain_id = layer.chain_id
                    AND substr(container.top_layer, instr(container.top_layer, '.'))
                      = substr(layer.chain_id, instr(layer.chain_id, '.'))
                    AND container.image_id IN (SELECT image FROM image_layer WHERE chain_id = mapped_layer.origin)) AS used
     FROM layer`,
  );
  const size = rows.reduce((total, row) => total + row.size, 0);
  const reclaimable = rows.reduce((total, row) => total + (row.used === 0 ? row.size : 0), 0);
  return { size, reclaimable };
}

function imageUsage({ store }: ContainerContext): readonly ImageUsage[] {
  const { database } = store;
  const shared = new Map(
    database
      .all<{ image: string; size: number }>(
        `SELECT image_layer.image AS image, SUM(sizes.size) AS size FROM image_layer
         JOIN (SELECT chain_id, MAX(size) AS size FROM layer GROUP BY chain_id) AS sizes USING (chain_id)
         WHERE (SELECT COUNT(DISTINCT other.image) FROM image_layer AS other
                WHERE other.chain_id = image_layer.chain_id) > 1
         GROUP BY image_layer.image`,
      )
      .map(({ image, size }) => [image, size]),
  );
  const users = new Map(
    database
      .all<{ id: string; count: number }>(
        'SELECT image_id AS id, COUNT(*) AS count FROM container GROUP BY image_id',
      )
      .map(({ id, count }) => [id, count]),
  );
  return listImages(new ImageTable(database)).map(({ id, repository, tag, created, size }) => ({
    id,
    repository,
    tag,
    created,
    size,
    shared: shared.get(id) ?? 0,
    containers: users.get(id) ?? 0,
  }));
}

async function containerUsage(context: ContainerContext): Promise<readonly ContainerUsage[]> {
  const { table } = context;
  const { running, gone, leaving } = fold(context, table.inState('started'));
  const rows = table.all().filter(({ id }) => !gone.has(id) && !leaving.has(id));
  if (rows.length === 0) return [];
  return withWorker(context, async (worker) => {
    const usage: ContainerUsage[] = [];
    const volumes = context.volumes.table.countsByContainer();
    for (const { id, name, image, command, created } of rows) {
      const trees = await rootTrees(context, id);
      const own = ownTree(trees);
      const size = trees.kind !== 'directory' && existsSync(own) ? (await worker.usage([own])).allocated : 0;
      usage.push({
        id,
        name,
        image,
        command,
        created,
        running: running.has(id),
        volumes: volumes.get(id) ?? 0,
        size,
      });
    }
    return usage;
  });
}

async function volumeUsage({ volumes }: ContainerContext): Promise<readonly VolumeUsage[]> {
  const rows = volumes.table.all();
  const links = volumes.table.useCounts();
  const sizes = await volumes.usage(rows.map(({ name }) => name));
  return rows.map(({ name }) => ({ name, links: links.get(name) ?? 0, size: sizes.get(name) ?? 0 }));
}
