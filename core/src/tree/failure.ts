import { Buffer } from 'node:buffer';
import { constants } from 'node:os';
import { WherryError } from '../errors/error.ts';

/** A call that failed in the worker. */
export interface TreeFailure {
  /** Of the kernel, positive. */
  readonly errno: number;
  /** Which entry of a layer it was, from 1; 0 for other requests. */
  readonly index: number;
  /** The system call or its like: `open`, `mkdir`, `write`, … */
  readonly step: string;
  /** As bytes in Latin-1. */
  readonly path: string;
}

const NAMES = new Map(Object.entries(constants.errno).map(([name, number]) => [number, name]));

const { ENOSPC, EDQUOT, EACCES, EPERM, EROFS, ENAMETOOLONG, EMFILE, ENFILE, EIO, ENOTDIR, ENOENT } =
  constants.errno;

/** Bytes in Latin-1 as a person reads them: UTF-8 where it is, control characters escaped. */
export function readable(bytes: string): string {
  const text = Buffer.from(bytes, 'latin1').toString('utf8');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal.
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (each) => JSON.stringify(each).slice(1, -1));
}

/** `ENOSPC` for 28; the number itself when it has no name. */
export function errnoName(errno: number): string {
  return NAMES.get(errno) ?? `errno ${errno}`;
}

/**
 * The sentence for a call that failed.
 *
 * @param doing What was going on, e.g. `unpacking the layer sha256:…`.
 */
export function treeError(doing: string, failure: TreeFailure): WherryError {
  const { errno, step } = failure;
  const name = errnoName(errno);
  const path = readable(failure.path);
  const at = path === '' ? '' : ` at ${path}`;
  const cause = new Error(`${step}${at}: ${name}${failure.index > 0 ? ` (entry ${failure.index})` : ''}`);
  const say = (code: `E_${string}`, reason: string, hint: string) =>
    new WherryError(`${reason} (while ${doing}${at})`, { code, hint, cause });
  if (step === 'owner') {
    return say(
      'E_USERNS',
      'A file belongs to an id that the container has not got',
      'Give the container more ids: --userns auto:size=N.',
    );
  }
  switch (errno) {
    case ENOSPC:
      return say(
        'E_DISK_FULL',
        'The disk is full: no space left on device',
        'Free some space or inodes (see `df -h` and `df -i`), or set WHERRY_ROOT to a directory on a larger disk.',
      );
    case EDQUOT:
      return say(
        'E_DISK_QUOTA',
        'Your disk quota is used up',
        'Remove files or ask for more; `quota -s` shows it. WHERRY_ROOT may name a directory without a quota.',
      );
    case EROFS:
      return say(
        'E_READ_ONLY',
        'The file system is read-only',
        'Set WHERRY_ROOT to a directory that can be written.',
      );
    case EACCES:
    case EPERM:
      return say(
        'E_TREE_DENIED',
        `The kernel refuses to ${step}: permission denied`,
        'The state directory must belong to you and lie on a local file system; set WHERRY_ROOT to another one.',
      );
    case ENAMETOOLONG:
      return say(
        'E_NAME_TOO_LONG',
        'A file name is too long for this file system',
        'Names may have 255 bytes and paths 4095; encrypted home directories allow less. Set WHERRY_ROOT elsewhere.',
      );
    case EMFILE:
    case ENFILE:
      return say(
        'E_TOO_MANY_FILES',
        'No more files can be opened, or directories lie too deep',
        'Raise the limit with `ulimit -n`, or remove some of the innermost directories.',
      );
    case EIO:
      return say(
        'E_DISK_FAULT',
        'The disk reports an error',
        'See the kernel log (`dmesg`) and check the disk.',
      );
    case ENOTDIR:
    case ENOENT:
      return say(
        'E_TREE_MISMATCH',
        errno === ENOENT ? 'A file that is needed is not there' : 'A file stands where a directory is needed',
        'If this is an image’s layer, the image is faulty; build or pull it again.',
      );
    default:
      return say(
        'E_TREE_FAILED',
        `${step} failed with ${name}`,
        'Run the command again with --log-level debug for details.',
      );
  }
}
