import type { RemovedImage } from '../api.ts';
import { shortDigest } from '../blob/digest.ts';
import { WherryError } from '../errors/error.ts';
import { familiarReference, parseReference } from '../reference/reference.ts';
import type { Database } from '../store/database.ts';
import { type Found, findImage } from './find.ts';
import type { ImageTable, NameRow } from './table.ts';

/**
 * Takes names away from an image, and the image itself when the last one goes, by Docker's rules. Blobs and layers are the business of
 * whoever collects afterwards.
 * @param isRunning whether a container, by id, runs now
 * @returns what Docker prints as `Untagged:`, and the image's id when it is gone
 * @throws WherryError `E_IMAGE_NOT_FOUND`, `E_IMAGE_AMBIGUOUS`, `E_IMAGE_IN_USE`
 */
export function removeImage(
  database: Database,
  table: ImageTable,
  text: string,
  {
    force = false,
    isRunning,
  }: { readonly force?: boolean | undefined; readonly isRunning: (id: string) => boolean },
): RemovedImage {
  return database.transaction(() => {
    const found = findImage(table, text);
    const names = table.namesOf(found.image.id);
    const removed = namesToRemove(found, names);
    const last = removed.length === names.length;
    if (found.name === undefined && !force && repositories(names) > 1) throw inSeveral(found);
    if (last) refuseWhenUsed(database, found, force, isRunning);
    if (last) table.delete(found.image.id);
    else for (const { name } of removed) table.untag(name);
    return {
      untagged: removed.map(({ name }) => familiarReference(parseReference(name))),
      deleted: last ? [found.image.id] : [],
    };
  });
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

function inSeveral({ image }: Found): WherryError {
  return new WherryError(
    `conflict: unable to delete ${shortDigest(image.id)} (must be forced) - image is referenced in multiple repositories.`,
    { code: 'E_IMAGE_IN_USE', hint: 'Remove it name by name, or all of them with wherry rmi -f.' },
  );
}
