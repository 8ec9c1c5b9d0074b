import { rmSync, writeFileSync } from 'node:fs';
import { WherryError } from '../errors/error.ts';
import { explainWriteFailure } from './errno.ts';

/** Primary result codes of SQLite (sqlite.org/rescode.html) that the user can do something about. */
const CODE = {
  busy: 5,
  readOnly: 8,
  inputOutput: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  notDatabase: 26,
};

/** Turns a failure of SQLite into the user's words; what only a defect of ours can bring about comes back as it is. */
export function explainDatabaseError(error: unknown, path: string): unknown {
  const extended = error instanceof Error && 'errcode' in error ? error.errcode : undefined;
  if (typeof extended !== 'number') return error;
  switch (extended & 0xff) {
    case CODE.busy:
      return new WherryError(`The database ${path} has been locked by another command for too long.`, {
        code: 'E_STATE_BUSY',
        hint: 'Try again once the other command has ended.',
        cause: error,
      });
    case CODE.corrupt:
    case CODE.notDatabase:
      return new WherryError(`The database ${path} is damaged.`, {
        code: 'E_STATE_CORRUPT',
        hint: `Bring it back from a copy, or move the state directory away and pull your images again; volumes lie in its directory "volumes".`,
        cause: error,
      });
    case CODE.full:
      return new WherryError(`No space left while writing the database ${path}: the disk is full.`, {
        code: 'E_NO_SPACE',
        hint: 'Remove what you no longer need (wherry rm, wherry rmi, wherry system prune), or name another state directory with WHERRY_ROOT.',
        cause: error,
      });
    case CODE.readOnly:
    case CODE.cannotOpen:
    case CODE.inputOutput: {
      // SQLite knows ENOSPC alone of what keeps a file from growing.
      const refusal = explainWriteFailure(refusalBeside(path), `the database ${path}`);
      if (refusal instanceof WherryError) return refusal;
      return new WherryError(
        `The database ${path} can't be opened or written: ${(error as Error).message}.`,
        {
          code: 'E_STATE_READ_ONLY',
          hint: 'Look at the permissions and the state of that disk, or name another state directory with WHERRY_ROOT.',
          cause: error,
        },
      );
    }
    default:
      return error;
  }
}

/** Why nothing can be written beside the database, undefined when it can. */
function refusalBeside(path: string): unknown {
  const probe = `${path}-probe`;
  try {
    writeFileSync(probe, new Uint8Array(4096));
    return undefined;
  } catch (error) {
    return error;
  } finally {
    rmSync(probe, { force: true });
  }
}
