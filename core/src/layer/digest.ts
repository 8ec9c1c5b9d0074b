import { createHash, type Hash } from 'node:crypto';
import { WherryError } from '../errors/error.ts';

/** Counts the bytes that pass. */
export interface Meter {
  readonly size: number;
  update(chunk: Uint8Array): void;
}

/** Counts alone, where the source answers for what it brings. */
export class SizeMeter implements Meter {
  #size = 0;

  update(chunk: Uint8Array): void {
    this.#size += chunk.length;
  }

  get size(): number {
    return this.#size;
  }
}

/** Hashes what passes, as OCI names blobs: `sha256:` and 64 hexadecimal digits (image-spec, descriptor.md). */
export class DigestMeter implements Meter {
  readonly #hash: Hash = createHash('sha256');
  #size = 0;
  #digest: string | undefined;

  update(chunk: Uint8Array): void {
    this.#hash.update(chunk);
    this.#size += chunk.length;
  }

  /** Bytes so far. */
  get size(): number {
    return this.#size;
  }

  /** Of all that came; nothing may come afterwards. */
  get digest(): string {
    this.#digest ??= `sha256:${this.#hash.digest('hex')}`;
    return this.#digest;
  }

  /**
   * @param what Names the blob: `layer`, `manifest`, `uncompressed layer`, …
   * @throws WherryError `E_DIGEST_MISMATCH`
   */
  verify(expected: string, what: string, cause?: unknown): void {
    if (this.digest !== expected) throw digestMismatch(expected, this.digest, what, cause);
  }
}

export function digestMismatch(expected: string, actual: string, what: string, cause?: unknown): WherryError {
  return new WherryError(`The ${what} ${expected} has a wrong digest: what was received is ${actual}.`, {
    code: 'E_DIGEST_MISMATCH',
    hint: 'It was damaged on its way or at the registry; pull again, and tell the registry’s owner if it stays so.',
    cause,
  });
}

/** Passes bytes on and hashes them; at the end, the digest must be the expected one, when one is given. */
export async function* verified(
  source: AsyncIterable<Uint8Array>,
  meter: DigestMeter,
  expected: string | undefined,
  what: string,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    meter.update(chunk);
    yield chunk;
  }
  if (expected !== undefined) meter.verify(expected, what);
}
