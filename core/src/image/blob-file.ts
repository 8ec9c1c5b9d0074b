import { createHash, type Hash } from 'node:crypto';
import { closeSync, fdatasyncSync, ftruncateSync, openSync, rmSync, writeSync } from 'node:fs';
import type { BlobStore } from '../blob/blob-store.ts';
import { isHole } from '../layer/zeros.ts';
import { explainWriteFailure } from '../store/errno.ts';
import type { Temporary } from '../store/temporary.ts';

/** A file on its way to be a blob, whose digest is known only when it is whole. */
export class BlobFile {
  readonly path: string;
  readonly #hash: Hash = createHash('sha256');
  readonly #what: string;
  #fd: number | undefined;
  #size = 0;
  #digest: string | undefined;

  /** @param what names it in a message of a full disk */
  constructor(temporary: Temporary, what: string) {
    this.path = temporary.path();
    this.#what = what;
    this.#fd = openSync(this.path, 'wx', 0o644);
  }

  get size(): number {
    return this.#size;
  }

  /** Of all that was written; nothing may be written afterwards. */
  get digest(): string {
    this.#digest ??= `sha256:${this.#hash.digest('hex')}`;
    return this.#digest;
  }

  /** @throws WherryError `E_NO_SPACE` */
  write(bytes: Uint8Array): void {
    const fd = this.#open();
    this.#hash.update(bytes);
    const at = this.#size;
    this.#size += bytes.length;
    // The file is new: what is left out of it reads as zeros and takes no room.
    if (isHole(bytes)) return;
    try {
      for (let done = 0; done < bytes.length; )
        done += writeSync(fd, bytes, done, bytes.length - done, at + done);
    } catch (error) {
      throw explainWriteFailure(error, this.#what);
    }
  }

  end(): void {
    if (this.#fd === undefined) return;
    ftruncateSync(this.#fd, this.#size);
    closeSync(this.#fd);
    this.#fd = undefined;
  }

  /** Makes it the blob of its digest; a lease must hold that already. */
  keep(blobs: BlobStore): void {
    try {
      fdatasyncSync(this.#open());
    } catch (error) {
      throw explainWriteFailure(error, this.#what);
    } finally {
      this.end();
    }
    blobs.adopt(this.digest, this.path);
  }

  discard(): void {
    this.end();
    rmSync(this.path, { force: true });
  }

  #open(): number {
    this.#fd ??= openSync(this.path, 'r+');
    return this.#fd;
  }
}
