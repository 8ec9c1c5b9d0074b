import type { RemovedImage } from '../api.ts';
import { shortDigest } from '../blob/digest.ts';
import { WherryError } from '../errors/error.ts';
import { familiarReference, parseReference } from '../reference/reference.ts';
import type { Database } from '../store/database.ts';
import { type Found, findImage } from './find.ts';
import type { ImageRow, ImageTable, NameRow } from './table.ts';

interface RemovalOptions {
  readonly force?: boolean | undefined;
  readonly keepParents?: boolean | undefined;
  /** Whether a container, by id, runs now. */
  readonly isRunning: (id: string) => boolean;
}

/**
 * Takes names away from an image, and the image itself when the last one goes, by Docker's rules. Blobs and layers are the business of
 * whoever collects afterwards.
 * @returns what Docker prints as `Untagged:`, and the image's id when it is gone
 * @throws WherryError `E_IMAGE_NOT_FOUND`, `E_IMAGE_AMBIGUOUS`, `E_IMAGE_IN_USE`
 */
export function removeImage(
  database: Database,
  table: ImageTable,
  text: string,
  { force = false, keepParents = false, isRunning }: RemovalOptions,
): RemovedImage {
  return database.transaction(() => {
    const found = findImage(table, text);
    const names = table.namesOf(found.image.id);
    const removed = namesToRemove(found, names);
    const last = removed.length === names.length;
    if (found.name === undefined && !force && repositories(names) > 1) throw inSeveral(found);
    const parent = table.hasChildren(found.image.id);
    if (parent && found.name === undefined) throw hasChildren(found);
    if (last && !parent) refuseWhenUsed(database, found, force, isRunning);
    const untagged = removed.map(({ name }) => familiarReference(parseReference(name)));
    for (const { name } of removed) table.untag(name);
    if (!last || parent) return { untagged, deleted: [] };
    return { untagged, deleted: deleteWithParents(database, table, found.image, keepParents) };
  });
}

/** An image, and what it was made of as far as nothing else needs that. */
function deleteWithParents(
  database: Database,
  table: ImageTable,
  image: ImageRow,
  keepParents: boolean,
): readonly string[] {
  const deleted: string[] = [];
  for (let each: ImageRow | undefined = image; each !== undefined; ) {
    const parent: ImageRow | undefined = keepParents ? undefined : table.parentOf(each.id);
    table.delete(each.id);
    deleted.push(each.id);
    each = parent !== undefined && isUnused(database, table, parent.id) ? parent : undefined;
  }
  return deleted;
}

/** Neither named, nor something else's parent, nor a container's. */
export function isUnused(database: Database, table: ImageTable, id: string): boolean {
  return (
    table.namesOf(id).length === 0 &&
    !table.hasChildren(id) &&
    database.get('SELECT 1 FROM container WHERE image_id = ? LIMIT 1', id) === undefined
  );
}

/** By name: that one, and the name by digest with the last tag of its repository. By id: all. */
function namesToRemove({ name }: Found, names: readonly NameRow[]): readonly NameRow[] {
  if (name === undefined) return names;
  const same = names.filter(({ repository }) => repository === name.repository);
  if (name.tag === null) return same;
  return same.some(({ tag }) => tag !== null && tag !== name.tag)
    ? [name]
    : [name, ...same.filter(({ tag }) => tag === null)];
}

function repositories(names: readonly NameRow[]): number {
  return new Set(names.map(({ repository }) => repository)).size;
}

function refuseWhenUsed(
  database: Database,
  { image, name }: Found,
  force: boolean,
  isRunning: (id: string) => boolean,
): void {
  const containers = database.all<{ id: string; name: string }>(
    'SELECT id, name FROM container WHERE image_id = ? ORDER BY created',
    image.id,
  );
  const running = containers.find(({ id }) => isRunning(id));
  const user = running ?? (force ? undefined : containers[0]);
  if (user === undefined) return;
  const shown = name === undefined ? shortDigest(image.id) : familiarReference(parseReference(name.name));
  const who = `${running === undefined ? 'stopped' : 'running'} container ${shortDigest(user.id)} (${user.name})`;
  const may = running === undefined ? 'must be forced' : 'cannot be forced';
  throw new WherryError(`conflict: unable to remove image ${shown} (${may}) - it is being used by ${who}.`, {
    code: 'E_IMAGE_IN_USE',
    hint:
      running === undefined
        ? `Remove the container first (wherry rm ${user.name}), or take the image's names away with wherry rmi -f.`
        : `Stop and remove the container first: wherry rm -f ${user.name}.`,
  });
}

function hasChildren({ image }: Found): WherryError {
  return new WherryError(
    `conflict: unable to delete ${shortDigest(image.id)} (cannot be forced) - image has dependent child images`,
    {
      code: 'E_IMAGE_IN_USE',
      hint: 'Remove the images that were made of it first; it goes with the last of them once it has no name.',
    },
  );
}

function inSeveral({ image }: Found): WherryError {
  return new WherryError(
    `conflict: unable to delete ${shortDigest(image.id)} (must be forced) - image is referenced in multiple repositories.`,
    { code: 'E_IMAGE_IN_USE', hint: 'Remove it name by name, or all of them with wherry rmi -f.' },
  );
}
