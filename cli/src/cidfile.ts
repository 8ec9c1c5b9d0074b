import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { WherryError } from '@wherry/core/errors';
import { systemWords } from '@wherry/core/system-error';

export interface CidFile {
  readonly write: (id: string) => void;
  /** Removes the file when no id was written. */
  readonly close: () => void;
}

/**
 * Makes the file of `--cidfile` before the container, so that one that can't be written leaves no container behind.
 *
 * @throws WherryError `E_CIDFILE` when it exists already
 */
export function openCidFile(file: string): CidFile {
  const fd = create(file);
  let written = false;
  return {
    write: (id) => {
      writeSync(fd, id);
      written = true;
    },
    close: () => {
      closeSync(fd);
      if (!written) rmSync(file, { force: true });
    },
  };
}

function create(file: string): number {
  try {
    return openSync(file, 'wx', 0o644);
  } catch (cause) {
    const exists = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST';
    throw new WherryError(
      exists
        ? `container ID file found, make sure the other container isn't running or delete ${file}`
        : `failed to create the container ID file: ${systemWords(cause)}`,
      {
        code: 'E_CIDFILE',
        hint: exists ? `rm ${file}   deletes it.` : 'Name a file in a directory that you may write to.',
        cause,
      },
    );
  }
}
