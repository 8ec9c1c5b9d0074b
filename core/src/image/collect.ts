import { rmSync } from 'node:fs';
import type { BlobStore } from '../blob/blob-store.ts';
import type { Database } from '../store/database.ts';
import { dropDeadLeases } from '../store/lease.ts';
import { forgetDroppedBlobs } from './dropped-blobs.ts';

/** Removes blobs that no image has and no living process holds. @returns their digests */
export function collectBlobs(database: Database, blobs: BlobStore): readonly string[] {
  // The lock keeps other processes from beginning to rely on a blob between the question and the answer.
  return database.transaction(() => {
    dropDeadLeases(database);
    const kept = new Set(
      database
        .all<{ digest: string }>(
          `SELECT id AS digest FROM image UNION SELECT manifest FROM image UNION SELECT blob FROM image_layer
           UNION SELECT name FROM lease_item WHERE kind = 'blob'`,
        )
        .map(({ digest }) => digest),
    );
    const lost = blobs.list().filter((digest) => !kept.has(digest));
    forgetDroppedBlobs(database);
    for (const digest of lost) rmSync(blobs.path(digest), { force: true });
    return lost;
  });
}

/**
 * Layers that no image has, no container stands on and no living process holds, each before the one below it. Removes their rows, so
 * that nothing new is built on them.
 */
export function forgetUnusedLayers(database: Database, driver: string): readonly string[] {
  return database.transaction(() => {
    dropDeadLeases(database);
    const rows = database.all<{ chain_id: string; parent: string | null }>(
      'SELECT chain_id, parent FROM layer WHERE driver = ?',
      driver,
    );
    const parents = new Map(rows.map((row) => [row.chain_id, row.parent]));
    const used = new Set<string>();
    for (const root of layersInUse(database, driver)) {
      for (let id: string | null | undefined = root; id && !used.has(id); id = parents.get(id)) used.add(id);
    }
    const unused = rows.filter(({ chain_id }) => !used.has(chain_id)).map(({ chain_id }) => chain_id);
    for (const id of unused) {
      database.run('DELETE FROM layer WHERE driver = ? AND chain_id = ?', driver, id);
    }
    database.run(
      `DELETE FROM mapped_layer WHERE driver = ?1
       AND NOT EXISTS (SELECT 1 FROM layer WHERE layer.driver = ?1 AND layer.chain_id = mapped_layer.chain_id)`,
      driver,
    );
    const depth = (id: string): number => {
      const parent = parents.get(id);
      return parent == null ? 0 : depth(parent) + 1;
    };
    return unused.sort((a, b) => depth(b) - depth(a));
  });
}

function layersInUse(database: Database, driver: string): readonly string[] {
  return database
    .all<{ id: string }>(
      `SELECT chain_id AS id FROM image_layer UNION SELECT name FROM lease_item WHERE kind = 'layer'
       UNION SELECT top_layer FROM container WHERE storage_driver = ?1 AND top_layer IS NOT NULL
       UNION SELECT top_layer FROM container_mounted_image WHERE storage_driver = ?1
       UNION SELECT mapped_layer.chain_id FROM mapped_layer JOIN image_layer ON image_layer.chain_id = origin WHERE driver = ?1`,
      driver,
    )
    .map(({ id }) => id);
}
