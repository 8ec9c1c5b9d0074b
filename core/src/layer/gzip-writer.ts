import { once } from 'node:events';
import { constants, crc32, createDeflateRaw, type DeflateRaw, deflateRawSync } from 'node:zlib';
import { isHole, ZEROS } from './zeros.ts';

/** A fast level, as a layer is written once and seldom sent. */
const LEVEL = 3;
const CHUNK = 256 << 10;
/** Ending what is being compressed costs a little, so it has to be worth it. Bytes. */
const LONG_RUN = 4 << 20;

/** Magic, deflate, no flags, no time, no extra flags, Unix (RFC 1952, 2.3). */
const HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);

let packedZeros: Buffer | undefined;

/**
 * Compresses by gzip (RFC 1952). A long run of zeros, as sparse files have, isn't compressed again and again: whole blocks of deflate
 * that stand for zeros alone are put in its place, so that it costs little more than its checksum.
 */
export class GzipWriter {
  readonly #sink: (bytes: Uint8Array) => void;
  readonly #deflate: DeflateRaw;
  #failure: { readonly error: unknown } | undefined;
  #crc = 0;
  #size = 0;
  /** Zeros that have come and aren't compressed yet. */
  #zeros = 0;

  /** @param sink takes the compressed bytes; what it throws is thrown by the next call */
  constructor(sink: (bytes: Uint8Array) => void) {
    this.#sink = sink;
    this.#deflate = createDeflateRaw({ level: LEVEL, chunkSize: CHUNK });
    this.#deflate.on('data', (bytes: Buffer) => this.#put(bytes));
    this.#deflate.on('error', (error) => {
      this.#failure ??= { error };
    });
    this.#put(HEADER);
  }

  async write(piece: Uint8Array): Promise<void> {
    this.#crc = crc32(piece, this.#crc);
    this.#size += piece.length;
    if (isHole(piece)) {
      this.#zeros += piece.length;
      return;
    }
    if (this.#zeros > 0) await this.#writeZeros();
    await this.#compress(piece);
  }

  async end(): Promise<void> {
    if (this.#zeros > 0) await this.#writeZeros();
    this.#deflate.end();
    if (!this.#deflate.readableEnded && this.#failure === undefined) await once(this.#deflate, 'end');
    const trailer = Buffer.alloc(8);
    trailer.writeUInt32LE(this.#crc, 0);
    trailer.writeUInt32LE(this.#size % 2 ** 32, 4);
    this.#put(trailer);
    this.#check();
  }

  /** Gives it up. */
  destroy(): void {
    this.#deflate.destroy();
  }

  async #writeZeros(): Promise<void> {
    let left = this.#zeros;
    this.#zeros = 0;
    if (left >= LONG_RUN) {
      // Ends at a byte, and refers to nothing before (RFC 1951, 3.2.4: an empty stored block).
      const flushed = Promise.withResolvers<void>();
      this.#deflate.flush(constants.Z_FULL_FLUSH, flushed.resolve);
      await flushed.promise;
      packedZeros ??= deflateRawSync(ZEROS, { level: 9, finishFlush: constants.Z_FULL_FLUSH });
      for (; left >= ZEROS.length; left -= ZEROS.length) this.#put(packedZeros);
    }
    for (; left > 0; left -= Math.min(left, ZEROS.length))
      await this.#compress(ZEROS.subarray(0, Math.min(left, ZEROS.length)));
  }

  async #compress(piece: Uint8Array): Promise<void> {
    this.#check();
    if (!this.#deflate.write(piece)) await once(this.#deflate, 'drain');
  }

  #put(bytes: Uint8Array): void {
    if (this.#failure !== undefined) return;
    try {
      this.#sink(bytes);
    } catch (error) {
      this.#failure = { error };
    }
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
