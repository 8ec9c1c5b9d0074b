import { posix } from 'node:path';
import { mountError } from './error.ts';

/**
 * A path inside a volume or an image, relative and staying inside by its words. (Links in it are resolved inside, too.)
 * @throws WherryError `E_MOUNT_SUBPATH`
 */
export function checkSubpath(text: string, spec: string): string {
  const normal = posix.normalize(text).replace(/\/+$/, '');
  if (text !== '' && !normal.startsWith('/') && normal !== '..' && !normal.startsWith('../')) return normal;
  throw mountError(
    'E_MOUNT_SUBPATH',
    `Invalid mount "${spec}": the subpath "${text}" must be a relative path that stays inside.`,
    'Give a path without a slash at its beginning and without "..".',
  );
}
