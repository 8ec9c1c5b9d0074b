import { renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { WherryError } from '../errors/error.ts';
import { explainWriteFailure } from './errno.ts';

/** Bytes: many times what the removal of a container writes to the database and its log. */
const SIZE = 1024 * 1024;

/**
 * Makes the file `reserve` in the state directory, unless it is there: room for {@link giveUpReserve}. Whatever removes something
 * tries again.
 * @returns why there is no room for it
 */
export function keepReserve(root: string): unknown {
  const path = join(root, 'reserve');
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) return undefined;
  const unfinished = `${path}.${process.pid}`;
  try {
    // Nothing that a file system could pack, or leave out as a hole.
    writeFileSync(unfinished, globalThis.crypto.getRandomValues(new Uint8Array(65_536)), { mode: 0o600 });
    for (let size = 65_536; size < SIZE; size += 65_536) {
      writeFileSync(unfinished, globalThis.crypto.getRandomValues(new Uint8Array(65_536)), { flag: 'a' });
    }
    renameSync(unfinished, path);
    return undefined;
  } catch (error) {
    rmSync(unfinished, { force: true });
    return error;
  }
}

/**
 * Before a container starts: one that fills what is left of the disk would keep everything from being removed.
 * @throws WherryError `E_NO_SPACE` when the reserve was given up and there is no room for another
 */
export function demandReserve(root: string): void {
  const refusal = explainWriteFailure(keepReserve(root), `the reserve in ${root}`);
  if (refusal instanceof WherryError && refusal.code === 'E_NO_SPACE') throw refusal;
}

/**
 * Frees the room that is kept for a full disk or a quota that is used up: removing a container takes changes to the database
 * first, and nothing could be removed any more.
 * @returns whether there was any
 */
export function giveUpReserve(database: string): boolean {
  try {
    rmSync(join(dirname(database), 'reserve'));
    return true;
  } catch {
    return false;
  }
}
