import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../store/errno.ts';
import { isAlive, type Owner, thisProcess } from '../store/owner.ts';
import { directoryMode } from '../store/private-directory.ts';
import { randomHex } from '../store/random.ts';
import type { BlobDescriptor } from './blob-store.ts';

/** What is less than this is as quickly fetched again as looked for. Bytes. */
const WORTHWHILE_BYTES = 1 << 20;

/** A pull that is to go on is begun again soon, or never. */
const KEPT_MS = 24 * 60 * 60 * 1000;

/** What all of them may take up together; the oldest go first. Bytes. */
const KEPT_BYTES = 16 * 2 ** 30;

/** A file that one process alone writes to. */
export interface PartialBlob {
  readonly path: string;
  /** Bytes of the blob that are there, from its beginning on. */
  readonly size: number;
}

interface Left {
  readonly path: string;
  readonly size: number;
  /** When it was last written to, in milliseconds since the epoch. */
  readonly written: number;
}

/**
 * The beginnings of blobs whose fetching was broken off, for the next process that wants them: `ALGORITHM-DIGITS` when it was given up,
 * `ALGORITHM-DIGITS.PID.START-TIME.BOOT-ID.NUMBER` while that process writes to it, or was killed meanwhile. A rename takes one up, so
 * that never two write to the same. Whether the bytes are right is known when the blob is whole and its digest the expected one.
 */
export class PartialBlobs {
  readonly #directory: string;

  /** @param directory `StatePaths.partial`; made when something is fetched */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** The longest beginning that nobody writes to, else a new path where there is no file yet. */
  take({ digest, size }: BlobDescriptor): PartialBlob {
    mkdirSync(this.#directory, { recursive: true });
    // Whatever the umask is.
    chmodSync(this.#directory, directoryMode(process.geteuid?.() ?? 0));
    const { pid, startTime, bootId } = thisProcess();
    const path = join(this.#directory, `${nameOf(digest)}.${pid}.${startTime}.${bootId}.${randomHex(4)}`);
    const found = this.#left(nameOf(digest)).filter((each) => each.size <= size);
    for (const each of found.sort((a, b) => b.size - a.size)) {
      try {
        renameSync(each.path, path);
        return { path, size: each.size };
      } catch (error) {
        // Another process was quicker.
        if (errnoOf(error) !== 'ENOENT') throw error;
      }
    }
    return { path, size: 0 };
  }

  /** Leaves what has been written to whoever wants the blob next, when there is enough of it. */
  leave({ digest }: BlobDescriptor, { path }: PartialBlob): void {
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    if (size < WORTHWHILE_BYTES) rmSync(path, { force: true });
    else renameSync(path, join(this.#directory, nameOf(digest)));
  }

  /** Away with all that nobody writes to of a blob, as something is wrong with it. */
  forget({ digest }: BlobDescriptor): void {
    for (const { path } of this.#left(nameOf(digest))) rmSync(path, { force: true });
  }

  /**
   * Removes what nobody writes to: what is old, and beyond a bound of all together; with `all` everything.
   * @returns the bytes that were removed
   */
  collect({ all = false, now = Date.now() }: { readonly all?: boolean; readonly now?: number } = {}): number {
    let kept = 0;
    let removed = 0;
    for (const { path, size, written } of this.#left('').sort((a, b) => b.written - a.written)) {
      if (!all && now - written < KEPT_MS && kept + size <= KEPT_BYTES) {
        kept += size;
        continue;
      }
      rmSync(path, { force: true });
      removed += size;
    }
    return removed;
  }

  /** What no living process has. @param name of a blob; all when empty */
  #left(name: string): Left[] {
    return this.#names()
      .filter((each) => (name === '' || each.split('.', 1)[0] === name) && !isTaken(each))
      .flatMap((each) => {
        const path = join(this.#directory, each);
        const stat = statSync(path, { throwIfNoEntry: false });
        return stat === undefined ? [] : [{ path, size: stat.size, written: stat.mtimeMs }];
      });
  }

  #names(): readonly string[] {
    try {
      return readdirSync(this.#directory);
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return [];
      throw error;
    }
  }
}

function nameOf(digest: string): string {
  return digest.replace(':', '-');
}

function isTaken(name: string): boolean {
  const [, pid, startTime, bootId] = name.split('.');
  if (pid === undefined || startTime === undefined || bootId === undefined) return false;
  const owner: Owner = { pid: Number(pid), startTime, bootId };
  return isAlive(owner);
}
