import type { HistoryEntry } from '../api.ts';
import type { BlobStore } from '../blob/blob-store.ts';
import { WherryError } from '../errors/error.ts';
import type { Database } from '../store/database.ts';
import { findImage } from './find.ts';
import type { ImageRow, ImageTable } from './table.ts';

/**
 * How an image came about, newest first (OCI image specification, config, `history`). Layers that the history doesn't tell of
 * come without words.
 * @throws WherryError `E_IMAGE_NOT_FOUND`, `E_IMAGE_AMBIGUOUS`, `E_IMAGE_INCOMPLETE` when the configuration is lost
 */
export function imageHistory(
  database: Database,
  table: ImageTable,
  blobs: BlobStore,
  text: string,
): HistoryEntry[] {
  const { image } = findImage(table, text);
  const config = blobs.readText(image.id);
  if (config === undefined) {
    throw new WherryError(`The image ${text} is not complete: its configuration is missing.`, {
      code: 'E_IMAGE_INCOMPLETE',
      hint: 'Pull it again.',
    });
  }
  const sizes = table.layersOf(image.id).map(({ chainId }) => layerSize(database, chainId));
  const entries = parseHistory(config, sizes);
  // A step that was made here of an image has that one's id; of the others nobody knows.
  let step: ImageRow | undefined = image;
  return entries.map((entry) => {
    const id = step?.id;
    step = id === undefined ? undefined : table.parentOf(id);
    return { ...entry, id };
  });
}

/**
 * The history in a configuration, newest first.
 * @param sizes of the unpacked layers, from the bottom up; bytes
 */
export function parseHistory(config: string, sizes: readonly number[]): HistoryEntry[] {
  const { history, created } = object(JSON.parse(config));
  const told = Array.isArray(history) ? history.map(object) : [];
  let next = 0;
  const entries = told.map((each) => {
    const empty = each.empty_layer === true;
    return {
      id: undefined,
      created: text(each.created),
      createdBy: text(each.created_by),
      comment: text(each.comment),
      size: empty ? 0 : (sizes[next++] ?? 0),
    };
  });
  const untold = sizes.slice(next).map((size) => ({
    id: undefined,
    created: text(created),
    createdBy: '',
    comment: '',
    size,
  }));
  return [...entries, ...untold].reverse();
}

function layerSize(database: Database, chainId: string): number {
  return (
    database.get<{ size: number }>('SELECT max(size) AS size FROM layer WHERE chain_id = ?', chainId)?.size ??
    0
  );
}

function object(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
