import { rmSync } from 'node:fs';
import type { BlobStore } from '../blob/blob-store.ts';
import type { Database } from '../store/database.ts';
import { dropDeadLeases } from '../store/lease.ts';

/** Layers' blobs that were given up on purpose, each with the repositories (in full) that have it. Part of the schema of images. */
export const DROPPED_BLOB_TABLE = `CREATE TABLE dropped_blob (
   digest TEXT NOT NULL,
   repository TEXT NOT NULL,
   PRIMARY KEY (digest, repository)
 ) STRICT, WITHOUT ROWID;`;

/** What was given up. */
export interface DroppedBlobs {
  readonly digests: readonly string[];
  /** Bytes. */
  readonly reclaimed: number;
}

/** Whether a blob isn't here because it can be fetched again, and so nothing is wrong. */
export function isDropped(database: Database, digest: string): boolean {
  return database.get('SELECT 1 FROM dropped_blob WHERE digest = ?', digest) !== undefined;
}

/** Repositories that a blob, configuration or manifest can be had from, in full: those that an image with it came from or went to. */
export function originsOf(database: Database, digest: string): readonly string[] {
  return database
    .all<{ repository: string }>(
      `SELECT repository FROM dropped_blob WHERE digest = ?1
       UNION SELECT repository FROM image_name JOIN image_layer USING (image) WHERE tag IS NULL AND blob = ?1
       UNION SELECT repository FROM image_name JOIN image ON image.id = image_name.image
             WHERE tag IS NULL AND (image.id = ?1 OR image.manifest = ?1)`,
      digest,
    )
    .map(({ repository }) => repository);
}

/**
 * Gives up the compressed layers that a registry has, too, and that are unpacked here, but for those that a living process works with.
 * They are recorded first and removed then: one that is recorded and still there does no harm.
 */
export function dropBlobs(database: Database, blobs: BlobStore): DroppedBlobs {
  const chosen = database.transaction(() => {
    dropDeadLeases(database);
    const digests = spareBlobs(database).filter((digest) => blobs.size(digest) > 0);
    for (const digest of digests) {
      for (const repository of originsOf(database, digest))
        database.run('INSERT OR IGNORE INTO dropped_blob VALUES (?, ?)', digest, repository);
    }
    return digests;
  });
  return database.transaction(() => {
    const digests = chosen.filter((digest) => !isHeld(database, digest));
    const reclaimed = digests.reduce((sum, digest) => sum + blobs.size(digest), 0);
    for (const digest of digests) rmSync(blobs.path(digest), { force: true });
    return { digests, reclaimed };
  });
}

/** Forgets what no image has any more. */
export function forgetDroppedBlobs(database: Database): void {
  database.run('DELETE FROM dropped_blob WHERE digest NOT IN (SELECT blob FROM image_layer)');
}

/** Call when a blob is here again. */
export function blobIsBack(database: Database, digest: string): void {
  database.run('DELETE FROM dropped_blob WHERE digest = ?', digest);
}

/** Blobs of images that came from a registry or went to one, all of whose layers a storage driver has. */
function spareBlobs(database: Database): readonly string[] {
  return database
    .all<{ blob: string }>(
      `SELECT blob FROM image_layer
       -- Layers that registries may not spread are at other places, if anywhere.
       WHERE media_type NOT LIKE '%.nondistributable.%' AND media_type NOT LIKE '%.foreign.%'
       GROUP BY blob
       HAVING max(EXISTS (SELECT 1 FROM image_name WHERE image_name.image = image_layer.image AND tag IS NULL))
          AND min(EXISTS (SELECT 1 FROM layer WHERE layer.chain_id = image_layer.chain_id))`,
    )
    .map(({ blob }) => blob)
    .filter((blob) => !isHeld(database, blob));
}

function isHeld(database: Database, digest: string): boolean {
  return database.get("SELECT 1 FROM lease_item WHERE kind = 'blob' AND name = ?", digest) !== undefined;
}
