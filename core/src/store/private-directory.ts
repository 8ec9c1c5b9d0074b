import { chmodSync, existsSync, lstatSync, mkdirSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { getSystemErrorMessage } from 'node:util';
import { WherryError } from '../errors/error.ts';
import { errnoOf } from './errno.ts';

/**
 * Mode of the state's directories. Root's containers run as ids that belong to nobody and have to pass through them,
 * so they can be entered there, and listed by root alone.
 */
export function directoryMode(uid: number): number {
  return uid === 0 ? 0o711 : 0o700;
}

/**
 * Makes `path` if it isn't there, with missing parents, and makes sure that it is a directory (no link) of `uid` that
 * nobody else can write to. For places such as /tmp, where anybody may have been first.
 * @returns whether it has been made just now
 * @throws WherryError `E_UNSAFE_DIRECTORY`
 */
export function ensurePrivateDirectory(path: string, uid: number): boolean {
  const mode = directoryMode(uid);
  const before = statOf(path);
  const made = before === undefined && make(path, mode);
  const stat = before ?? statOf(path);
  if (stat === undefined) throw unusable(path, new Error('it was removed at the same moment'));
  const reason = fault(stat, uid);
  if (reason !== undefined) {
    throw new WherryError(`The directory ${path} is not safe to use: ${reason}.`, {
      code: 'E_UNSAFE_DIRECTORY',
      hint: `Find out who made it, and remove it or name another place with WHERRY_ROOT.`,
    });
  }
  // The umask may have taken bits away, and an earlier hand may have left too many.
  if ((stat.mode & 0o777) !== mode) chmodSync(path, mode);
  return made;
}

/** @returns false when another process was quicker */
function make(path: string, mode: number): boolean {
  try {
    makeParents(path, mode);
    mkdirSync(path, { mode });
    return true;
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw unusable(path, error);
    return false;
  }
}

/** One by one: Node's recursive mkdir never returns where a file system answers ENOENT to every mkdir, as /proc does. */
function makeParents(path: string, mode: number): void {
  const missing: string[] = [];
  for (let parent = dirname(path); !existsSync(parent); parent = dirname(parent)) missing.push(parent);
  for (const parent of missing.toReversed()) {
    try {
      mkdirSync(parent, { mode });
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
    }
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw unusable(path, error);
  }
}

function fault(stat: Stats, uid: number): string | undefined {
  if (stat.isSymbolicLink()) return 'it is a symbolic link';
  if (!stat.isDirectory()) return 'it is not a directory';
  if (stat.uid !== uid) return `it belongs to user ${stat.uid}`;
  if ((stat.mode & 0o022) !== 0) return 'others can write to it';
  return undefined;
}

/** @param cause what a call of node:fs threw, which names a path below or above */
export function unusable(path: string, cause: unknown): WherryError {
  const { errno, path: failed } = cause as NodeJS.ErrnoException;
  const reason = errno === undefined ? (cause as Error).message : getSystemErrorMessage(errno);
  const where = failed === undefined || failed === path ? '' : ` (${failed})`;
  return new WherryError(`The directory ${path} can't be made or used: ${reason}${where}.`, {
    code: 'E_STATE_DIRECTORY',
    hint: 'Make room or get permission there, see that HOME is yours, or name another place with WHERRY_ROOT.',
    cause,
  });
}
