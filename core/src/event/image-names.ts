import type { RemovedImage } from '../image/api.ts';
import { ImageTable } from '../image/table.ts';
import { familiarReference, parseReference } from '../reference/reference.ts';
import type { Store } from '../store/store.ts';
import type { ImageEvent } from './image-events.ts';

/** Ids of images, by themselves and by each of their names, to be asked for before some are removed. */
export function imageNames({ database }: Pick<Store, 'database'>): ReadonlyMap<string, string> {
  const table = new ImageTable(database);
  return new Map([
    ...table.rows().map(({ id }) => [id, id] as const),
    ...table.names().map(({ name, image }) => [familiarReference(parseReference(name)), image] as const),
  ]);
}

/** What a removal is told as; what it deletes beside images are layers, no one's to hear of. */
export function removals(
  { untagged, deleted }: RemovedImage,
  before: ReadonlyMap<string, string>,
): readonly ImageEvent[] {
  return [
    ...untagged.map((name) => ({ action: 'untag', name, id: before.get(name) ?? name })),
    ...deleted.filter((id) => before.has(id)).map((id) => ({ action: 'delete', name: id, id })),
  ];
}

/** What a new image's name is told as, where it has one. */
export function tagged(name: string | undefined, id: string): readonly ImageEvent[] {
  return name === undefined ? [] : [{ action: 'tag', name, id }];
}
