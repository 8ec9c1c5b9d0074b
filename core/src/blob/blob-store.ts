import { mkdirSync, readdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoOf, explainWriteFailure } from '../store/errno.ts';
import type { Temporary } from '../store/temporary.ts';
import { DigestVerifier, shortDigest } from './digest.ts';

/** Bytes that are gathered before they are written, so that a write is worth a thread's while. */
const BATCH_BYTES = 512 << 10;
/** After so many bytes the disk is told to begin, so that it has little left to do at the end. */
const SYNC_BYTES = 8 << 20;

/** A blob's name and length (OCI image specification, "Descriptor"). */
export interface BlobDescriptor {
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
}

/** The `blobs/` of an OCI image layout. A blob is there whole and verified, or it isn't there. */
export class BlobStore {
  readonly #directory: string;
  readonly #temporary: Temporary;

  /** @param layout the OCI image layout */
  constructor(layout: string, temporary: Temporary) {
    this.#directory = join(layout, 'blobs');
    this.#temporary = temporary;
  }

  path(digest: string): string {
    const colon = digest.indexOf(':');
    return join(this.#directory, digest.slice(0, colon), digest.slice(colon + 1));
  }

  has({ digest, size }: BlobDescriptor): boolean {
    return statSync(this.path(digest), { throwIfNoEntry: false })?.size === size;
  }

  /** Bytes of a blob; 0 when it isn't there. */
  size(digest: string): number {
    return statSync(this.path(digest), { throwIfNoEntry: false })?.size ?? 0;
  }

  /** A small blob as text; undefined when it isn't there. */
  readText(digest: string): string | undefined {
    try {
      return readFileSync(this.path(digest), 'utf8');
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** The bytes of a blob that is there. */
  async *read(digest: string): AsyncGenerator<Buffer, void, undefined> {
    const file = await open(this.path(digest));
    yield* file.createReadStream({ highWaterMark: BATCH_BYTES });
  }

  /** Keeps a small blob. @throws WherryError `E_NO_SPACE`, `E_DIGEST_MISMATCH` */
  async write(digest: string, data: Uint8Array): Promise<void> {
    const whole = this.receive({ digest, size: data.length }, [data]);
    for await (const _ of whole);
  }

  /**
   * Passes on the bytes of `source` while they are written and digested. When it has ended normally the blob is there; when it
   * throws, or the reader stops early, nothing is.
   * @throws WherryError `E_DIGEST_MISMATCH`, `E_NO_SPACE`
   */
  async *receive<Chunk extends Uint8Array>(
    { digest }: BlobDescriptor,
    source: AsyncIterable<Chunk> | Iterable<Chunk>,
  ): AsyncGenerator<Chunk, void, undefined> {
    const verifier = new DigestVerifier(digest);
    const unfinished = this.#temporary.path();
    const writer = await BatchWriter.create(unfinished, `layer ${shortDigest(digest)}`);
    try {
      for await (const chunk of source) {
        verifier.update(chunk);
        await writer.write(chunk);
        yield chunk;
      }
      verifier.verify(`blob ${digest}`);
      await writer.finish();
      const path = this.path(digest);
      mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
      await rename(unfinished, path);
    } finally {
      await writer.close();
      await rm(unfinished, { force: true });
    }
  }

  /** Makes a file that is whole and on the disk the blob of its digest. @param path on the store's file system */
  adopt(digest: string, path: string): void {
    const target = this.path(digest);
    mkdirSync(dirname(target), { recursive: true, mode: 0o755 });
    renameSync(path, target);
  }

  /** Makes the names of all blobs last through a power cut. */
  async syncNames(): Promise<void> {
    const directory = await open(join(this.#directory, 'sha256'));
    await directory.sync();
    await directory.close();
  }

  /** The digests of all blobs. */
  list(): readonly string[] {
    return list(this.#directory).flatMap((algorithm) =>
      list(join(this.#directory, algorithm)).map((hex) => `${algorithm}:${hex}`),
    );
  }
}

/** Writes one batch while the next is gathered. */
class BatchWriter {
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

  async close(): Promise<void> {
    // After a failure there is one to report already.
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

function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}
