import { type FileHandle, open } from 'node:fs/promises';
import { explainWriteFailure } from '../store/errno.ts';

/** Bytes that are gathered before they are written, so that a write is worth a thread's while. */
const BATCH_BYTES = 512 << 10;
/** After so many bytes the disk is told to begin, so that it has little left to do at the end. */
const SYNC_BYTES = 8 << 20;

/** Writes one batch while the next is gathered. */
export class BatchWriter {
  readonly #file: FileHandle;
  readonly #what: string;
  #batch: Uint8Array[] = [];
  #length = 0;
  #writing: Promise<unknown> = Promise.resolve();
  #unsynced = 0;
  #syncing: Promise<unknown> | undefined;

  static async create(path: string, what: string): Promise<BatchWriter> {
    return new BatchWriter(await open(path, 'wx', 0o644), what);
  }

  /** Goes on at the end of a file, which is made when it isn't there. */
  static async append(path: string, what: string): Promise<BatchWriter> {
    return new BatchWriter(await open(path, 'a', 0o644), what);
  }

  private constructor(file: FileHandle, what: string) {
    this.#file = file;
    this.#what = what;
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#batch.push(chunk);
    this.#length += chunk.length;
    if (this.#length >= BATCH_BYTES) await this.#flush();
  }

  /** Everything is on the disk afterwards. */
  async finish(): Promise<void> {
    await this.#flush();
    await this.#explained(this.#writing);
    await this.#syncing;
    await this.#explained(this.#file.datasync());
  }

  /** What was gathered is written, too, as far as that goes. */
  async close(): Promise<void> {
    // After a failure there is one to report already.
    await this.#flush().catch(() => undefined);
    await this.#writing.catch(() => undefined);
    await this.#syncing;
    await this.#file.close();
  }

  async #flush(): Promise<void> {
    await this.#explained(this.#writing);
    this.#beginSync();
    const batch = this.#batch;
    this.#unsynced += this.#length;
    this.#batch = [];
    this.#length = 0;
    this.#writing = batch.length === 0 ? Promise.resolve() : writeAll(this.#file, batch);
    // Reported at the next flush.
    this.#writing.catch(() => undefined);
  }

  #beginSync(): void {
    if (this.#syncing !== undefined || this.#unsynced < SYNC_BYTES) return;
    this.#unsynced = 0;
    const done = () => {
      this.#syncing = undefined;
    };
    // A failure is that of the last one, too, and is reported there.
    this.#syncing = this.#file.datasync().then(done, done);
  }

  async #explained<Result>(work: Promise<Result>): Promise<Result> {
    try {
      return await work;
    } catch (error) {
      throw explainWriteFailure(error, this.#what);
    }
  }
}

/** A disk that fills up takes a part of the bytes first. */
async function writeAll(file: FileHandle, batch: Uint8Array[]): Promise<void> {
  const length = batch.reduce((sum, chunk) => sum + chunk.length, 0);
  const { bytesWritten } = await file.writev(batch);
  if (bytesWritten === length) return;
  let rest = Buffer.concat(batch).subarray(bytesWritten);
  while (rest.length > 0) rest = rest.subarray((await file.write(rest)).bytesWritten);
}
