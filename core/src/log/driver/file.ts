import { closeSync, constants, fstatSync, openSync, readSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** The container's log file, in its directory: what `write` answers with is appended there. */
export const DRIVER_LOG = 'driver.log';

/** As Docker's local driver bounds its own. */
const MAX_SIZE = 20_000_000;
const MAX_FILES = 5;
const NEWLINE = 0x0a;

/** The names of such a log's files in a container's directory, oldest first. */
export function driverLogNames(): readonly string[] {
  const older = Array.from({ length: MAX_FILES - 1 }, (_, index) => `${DRIVER_LOG}.${MAX_FILES - 1 - index}`);
  return [...older, DRIVER_LOG];
}

/** A log file that is rotated between lines. */
export class DriverLogFile {
  readonly #path: string;
  readonly #maxSize: number;
  #fd: number;
  #size: number;
  #whole: boolean;

  /** @param maxSize bytes from which on a file is rotated */
  constructor(directory: string, maxSize: number = MAX_SIZE) {
    this.#path = join(directory, DRIVER_LOG);
    this.#maxSize = maxSize;
    this.#fd = open(this.#path);
    this.#size = fstatSync(this.#fd).size;
    this.#whole = this.#size === 0 || lastByte(this.#fd, this.#size) === NEWLINE;
  }

  /** @throws Error of the file system; what was written by then is there */
  append(bytes: Uint8Array): void {
    if (this.#size >= this.#maxSize && this.#whole) this.#rotate();
    for (let at = 0; at < bytes.length; ) {
      const put = writeSync(this.#fd, bytes, at);
      at += put;
      this.#size += put;
      this.#whole = bytes[at - 1] === NEWLINE;
    }
  }

  close(): void {
    closeSync(this.#fd);
  }

  #rotate(): void {
    // First, so that without it nothing moves.
    const made = `${this.#path}~`;
    const fresh = open(made, constants.O_TRUNC);
    for (let number = MAX_FILES - 1; number >= 1; number -= 1) {
      const from = number === 1 ? this.#path : `${this.#path}.${number - 1}`;
      try {
        renameSync(from, `${this.#path}.${number}`);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    }
    renameSync(made, this.#path);
    closeSync(this.#fd);
    this.#fd = fresh;
    this.#size = 0;
    this.#whole = true;
  }
}

function open(path: string, more = 0): number {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW;
  return openSync(path, flags | more, 0o640);
}

function lastByte(fd: number, size: number): number | undefined {
  const byte = Buffer.alloc(1);
  return readSync(fd, byte, 0, 1, size - 1) === 1 ? byte[0] : undefined;
}
