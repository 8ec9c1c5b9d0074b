import type { PrunedImages, PruneImagesRequest } from '../api.ts';
import { WherryError } from '../errors/error.ts';
import { familiarReference, parseReference } from '../reference/reference.ts';
import type { Database } from '../store/database.ts';
import type { ImageRow, ImageTable } from './table.ts';

/**
 * Takes away the images that have no tag, with `all` also those with one, but never what a container of any state stands on.
 * Blobs and layers are the business of whoever collects afterwards.
 */
export function pruneImages(
  database: Database,
  table: ImageTable,
  { all = false, until, labels = [], withoutLabels = [] }: PruneImagesRequest,
): Pick<PrunedImages, 'untagged' | 'deleted'> {
  const before = until === undefined ? Number.POSITIVE_INFINITY : Date.parse(until);
  if (Number.isNaN(before)) {
    throw new WherryError(`invalid time "${until}"`, {
      code: 'E_FILTER',
      hint: 'Times are RFC 3339: 2026-01-31T00:00:00Z.',
    });
  }
  return database.transaction(() => {
    const used = new Set(
      database.all<{ id: string }>('SELECT image_id AS id FROM container').map(({ id }) => id),
    );
    const untagged: string[] = [];
    const deleted: string[] = [];
    // What an image was made of goes after it.
    for (let round = -1; round < deleted.length; ) {
      round = deleted.length;
      for (const image of table.rows()) {
        const names = table.namesOf(image.id);
        if (used.has(image.id) || (!all && names.some(({ tag }) => tag !== null))) continue;
        if (Date.parse(image.created) >= before || table.hasChildren(image.id)) continue;
        const has = (label: string) => hasLabel(image, label);
        if (!labels.every(has) || withoutLabels.some(has)) continue;
        table.delete(image.id);
        untagged.push(...names.map(({ name }) => familiarReference(parseReference(name))));
        deleted.push(image.id);
      }
    }
    return { untagged, deleted };
  });
}

/** `KEY` or `KEY=VALUE`. */
function hasLabel({ config }: ImageRow, wanted: string): boolean {
  const labels = (JSON.parse(config) as { Labels?: Readonly<Record<string, string>> }).Labels ?? {};
  const equals = wanted.indexOf('=');
  if (equals < 0) return Object.hasOwn(labels, wanted);
  return labels[wanted.slice(0, equals)] === wanted.slice(equals + 1);
}
