import type { ImageContent } from '../api.ts';
import type { BlobStore } from '../blob/blob-store.ts';
import type { Database } from '../store/database.ts';
import { formatPlatform } from './platform.ts';
import { type ImageRow, type ImageTable, platformOf } from './table.ts';

/** What images take on the disk, each counted as if it were the only one; what has gone meanwhile is left out. */
export function imageContents(
  database: Database,
  table: ImageTable,
  blobs: BlobStore,
  ids: readonly string[],
): readonly ImageContent[] {
  return ids.flatMap((id) => {
    const row = table.row(id);
    return row === undefined ? [] : [contentOf(database, table, blobs, row)];
  });
}

function contentOf(database: Database, table: ImageTable, blobs: BlobStore, row: ImageRow): ImageContent {
  const parts = new Set([row.id, row.manifest, ...table.layersOf(row.id).map(({ blob }) => blob)]);
  return {
    id: row.id,
    manifest: row.manifest,
    platform: formatPlatform(platformOf(row)),
    unpacked: row.size,
    blobs: [...parts].reduce((sum, digest) => sum + blobs.size(digest), 0),
    inUse: database.get('SELECT 1 FROM container WHERE image_id = ? LIMIT 1', row.id) !== undefined,
  };
}
