import { type Dirent, readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';

/** More entries are the worker's to remove: by then it costs less than this. */
const FEW = 64;

/**
 * Removes a tree of few entries without the worker, whose start takes longer than that. What lies in a directory of the
 * caller's own can be removed whoever owns it; a directory of another id, with something in it, can't.
 * @returns whether all of it is gone; what is left is then the worker's
 */
export function removeSmall(path: string): boolean {
  let left = FEW;
  const remove = (directory: string): boolean => {
    const entries = read(directory);
    // An overlay's work directory has mode 000 and nothing in it: it can be removed, and not be read.
    if (entries === undefined) return rmdir(directory);
    for (const entry of entries) {
      left -= 1;
      if (left < 0) return false;
      const each = join(directory, entry.name);
      if (!entry.isDirectory()) unlinkSync(each);
      else if (!remove(each)) return false;
    }
    return rmdir(directory);
  };
  try {
    return remove(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return true;
    if (code === 'EACCES' || code === 'EPERM' || code === 'EBUSY' || code === 'ENOTDIR') return false;
    throw error;
  }
}

/** @returns undefined when the directory can't be read */
function read(directory: string): readonly Dirent[] | undefined {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') return undefined;
    throw error;
  }
}

/** @returns false when something is in it */
function rmdir(directory: string): boolean {
  try {
    rmdirSync(directory);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return false;
    throw error;
  }
}
