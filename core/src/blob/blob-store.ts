import { mkdirSync, readdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { WherryError } from '../errors/error.ts';
import { errnoOf } from '../store/errno.ts';
import type { Temporary } from '../store/temporary.ts';
import { BatchWriter } from './batch-writer.ts';
import { DigestVerifier, shortDigest } from './digest.ts';
import { type PartialBlob, PartialBlobs } from './partial-blobs.ts';

const READ_BYTES = 512 << 10;

/** What an earlier process had fetched of a blob is damaged, and has been removed: fetch it again. */
class DamagedPartial extends Error {}

/** Does something that fetches a blob, and does it anew when what was there of the blob is damaged. */
export async function withWholeBlob<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DamagedPartial)) throw error;
    return await work();
  }
}

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
  readonly partials: PartialBlobs;

  /** @param layout the OCI image layout @param partial `StatePaths.partial` */
  constructor(layout: string, temporary: Temporary, partial: string) {
    this.#directory = join(layout, 'blobs');
    this.#temporary = temporary;
    this.partials = new PartialBlobs(partial);
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
    yield* file.createReadStream({ highWaterMark: READ_BYTES });
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
      this.adopt(digest, unfinished);
    } finally {
      await writer.close();
      await rm(unfinished, { force: true });
    }
  }

  /**
   * The same for a blob that may be large and comes from afar: what was fetched of it before, by this process or one that is gone, is
   * passed on first and counts for the digest; what has come is left for the next attempt when the reader stops or the source fails.
   * Call it within `withWholeBlob`.
   * @param open gives the bytes from an offset on
   * @throws WherryError `E_DIGEST_MISMATCH`, `E_NO_SPACE`
   */
  async *fetch(
    descriptor: BlobDescriptor,
    open: (offset: number) => AsyncIterable<Buffer>,
  ): AsyncGenerator<Buffer, void, undefined> {
    const { digest } = descriptor;
    const verifier = new DigestVerifier(digest);
    const partial = this.partials.take(descriptor);
    const writer = await BatchWriter.append(partial.path, `layer ${shortDigest(digest)}`);
    let useless = false;
    try {
      for await (const chunk of beginning(partial)) {
        verifier.update(chunk);
        yield chunk;
      }
      for await (const chunk of open(partial.size)) {
        verifier.update(chunk);
        await writer.write(chunk);
        yield chunk;
      }
      verifier.verify(`blob ${digest}`);
      await writer.finish();
      this.adopt(digest, partial.path);
    } catch (error) {
      const wrong = hasCode(error, 'E_DIGEST_MISMATCH');
      useless = wrong || hasCode(error, 'E_NO_SPACE');
      if (!wrong || partial.size === 0) throw error;
      this.partials.forget(descriptor);
      throw new DamagedPartial(`what was here of the blob ${digest} is damaged`, { cause: error });
    } finally {
      await writer.close();
      if (useless) await rm(partial.path, { force: true });
      else this.partials.leave(descriptor, partial);
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

async function* beginning({ path, size }: PartialBlob): AsyncGenerator<Buffer, void, undefined> {
  if (size === 0) return;
  const file = await open(path);
  yield* file.createReadStream({ highWaterMark: READ_BYTES, end: size - 1 });
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof WherryError && error.code === code;
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}
