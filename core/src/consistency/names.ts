import { shortDigest } from '../blob/digest.ts';
import { familiarReference, parseReference } from '../reference/reference.ts';
import type { Database } from '../store/database.ts';

/** What people call an image, by its id: one of its names, or the short id. */
export function imageNames(database: Database): (id: string) => string {
  const rows = database.all<{ name: string; image: string }>(
    'SELECT name, image FROM image_name ORDER BY tag IS NULL DESC, name DESC',
  );
  const names = new Map(rows.map(({ name, image }) => [image, name]));
  return (id) => {
    const name = names.get(id);
    return name === undefined ? shortDigest(id) : familiar(name);
  };
}

/** A name that is damaged is shown as it stands. */
function familiar(name: string): string {
  try {
    return familiarReference(parseReference(name));
  } catch {
    return name;
  }
}
