import { Buffer } from 'node:buffer';
import type { Duplex } from 'node:stream';
import { Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { WherryError } from '../errors/error.ts';
import { corruptLayer } from './error.ts';

export type Compression = 'gzip' | 'zstd' | 'xz' | 'bzip2' | 'none';

export interface DecompressLimits {
  /** Bytes of the uncompressed archive. */
  readonly maxSize: number;
  /** Uncompressed to compressed bytes, beyond the first 16 MiB; deflate itself can't pass 1032. */
  readonly maxRatio?: number;
}

/** Output is made in pieces of this many bytes. */
const PIECE = 128 * 1024;
/** Small archives of little content may be compressed as far as they like. */
const RATIO_FROM = 16 * 1024 * 1024;

/** What a blob is compressed with, by its first bytes (RFC 1952, RFC 8878 with its skippable frames, xz's and bzip2's magic). */
export function detectCompression(head: Uint8Array): Compression {
  const [a, b, c, d, e] = head;
  if (a === 0x1f && b === 0x8b) return 'gzip';
  if (a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd) return 'zstd';
  if (a !== undefined && a >= 0x50 && a <= 0x5f && b === 0x2a && c === 0x4d && d === 0x18) return 'zstd';
  if (a === 0xfd && b === 0x37 && c === 0x7a && d === 0x58 && e === 0x5a) return 'xz';
  if (a === 0x42 && b === 0x5a && c === 0x68 && d !== undefined && d >= 0x31 && d <= 0x39 && e === 0x31)
    return 'bzip2';
  return 'none';
}

/**
 * The archive in a blob, whatever the media type says of its compression.
 *
 * @param name Of the layer, for errors: `layer sha256:…`.
 * @throws WherryError `E_LAYER_CORRUPT`, `E_LAYER_TOO_LARGE`
 */
export async function* decompress(
  source: AsyncIterable<Uint8Array>,
  name: string,
  limits: DecompressLimits,
): AsyncGenerator<Buffer> {
  let taken = 0;
  const counted = count(source, (bytes) => {
    taken += bytes;
  });
  const { head, all } = await peek(counted, 5);
  let made = 0;
  for await (const chunk of inflate(detectCompression(head), all, name)) {
    made += chunk.length;
    if (made > limits.maxSize) throw tooLarge(name, `more than ${limits.maxSize} bytes`);
    if (limits.maxRatio !== undefined && made > RATIO_FROM && made > taken * limits.maxRatio)
      throw tooLarge(name, `more than ${limits.maxRatio} times its compressed size`);
    yield chunk;
  }
}

async function* inflate(
  compression: Compression,
  source: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<Buffer> {
  if (compression === 'none') {
    for await (const chunk of source) yield asBuffer(chunk);
    return;
  }
  if (compression === 'xz' || compression === 'bzip2') {
    const { inflateByHelper } = await import('./helper-inflate.ts');
    yield* inflateByHelper(compression, source, name);
    return;
  }
  const inflater: Duplex =
    compression === 'gzip' ? createGunzip({ chunkSize: PIECE }) : createZstdDecompress({ chunkSize: PIECE });
  const input = Readable.from(source, { objectMode: false, highWaterMark: PIECE });
  // An error of the source is the source's, not the archive's.
  let failed: { readonly error: unknown } | undefined;
  input.on('error', (error) => {
    failed = { error };
    inflater.destroy(error);
  });
  input.pipe(inflater);
  try {
    for await (const chunk of inflater) yield chunk;
  } catch (error) {
    if (failed !== undefined) throw failed.error;
    throw compressionError(compression, name, error);
  } finally {
    input.destroy();
    inflater.destroy();
  }
}

function compressionError(compression: Compression, name: string, error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error;
  const { code } = error;
  if (typeof code !== 'string' || !/^(Z_|ZSTD_)/.test(code)) return error;
  const early = code === 'Z_BUF_ERROR';
  const what = early
    ? `ends early: its ${compression} stream is truncated`
    : `is damaged: its ${compression} stream can’t be read`;
  return corruptLayer(name, what, error);
}

function tooLarge(name: string, size: string): WherryError {
  return new WherryError(`The ${name} is ${size} when uncompressed.`, {
    code: 'E_LAYER_TOO_LARGE',
    hint: 'A layer that grows like this is most likely made to fill disks; don’t use the image.',
  });
}

async function* count(
  source: AsyncIterable<Uint8Array>,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    onBytes(chunk.length);
    yield chunk;
  }
}

/** Looks at the first bytes, and gives the whole again. */
async function peek(
  source: AsyncGenerator<Uint8Array>,
  length: number,
): Promise<{ readonly head: Uint8Array; readonly all: AsyncIterable<Uint8Array> }> {
  let head: Uint8Array = new Uint8Array(0);
  while (head.length < length) {
    const next = await source.next();
    if (next.done) break;
    head = head.length === 0 ? next.value : Buffer.concat([head, next.value]);
  }
  return { head, all: rejoin(head, source) };
}

async function* rejoin(head: Uint8Array, rest: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (head.length > 0) yield head;
  yield* rest;
}

function asBuffer(chunk: Uint8Array): Buffer {
  return Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}
