import { WherryError } from '../errors/error.ts';

/** The symbolic name of a failed system call (`ENOENT`), undefined for any other error. */
export function errnoOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** Turns a failure to write below the state directory into the user's words; any other error comes back as it is. */
export function explainWriteFailure(error: unknown, what: string): unknown {
  switch (errnoOf(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new WherryError(
        `No space left while writing ${what}: the ${errnoOf(error) === 'EDQUOT' ? 'quota is used up' : 'disk is full'}.`,
        {
          code: 'E_NO_SPACE',
          hint: 'Remove images or containers you no longer need (wherry rmi, wherry rm), or move the state with WHERRY_ROOT.',
          cause: error,
        },
      );
    case 'EFBIG':
      return new WherryError(`Writing ${what} goes beyond the size that a file may have here.`, {
        code: 'E_NO_SPACE',
        hint: 'Raise the limit on the size of files (ulimit -f), or move the state to another file system with WHERRY_ROOT.',
        cause: error,
      });
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
      return new WherryError(`Writing ${what} is not permitted: ${(error as Error).message}.`, {
        code: 'E_STATE_READ_ONLY',
        hint: 'Get write permission to the state directory, or name another one with WHERRY_ROOT.',
        cause: error,
      });
    default:
      return error;
  }
}
