import { shortDigest } from '../blob/digest.ts';
import { discard } from './body.ts';
import type { RegistryConnection } from './connection.ts';
import { badReply, connectionFailure, isTransient } from './failure.ts';
import { failureOf } from './registry-error.ts';
import { pause, type RetryPolicy } from './retry.ts';
import type { Response } from './transport.ts';

/** A connection that brought this much may be cut without its counting as a failed try. */
const WORTHWHILE_BYTES = 4 << 20;

export interface BlobStreamOptions {
  readonly registry: string;
  readonly repository: string;
  readonly offset: number;
  readonly retry: RetryPolicy;
  readonly signal?: AbortSignal;
  readonly onRetry?: (why: string) => void;
}

/** The bytes of a blob. After a cut it goes on where it stopped (RFC 9110, 14: Range). */
export class BlobStream implements AsyncIterable<Buffer> {
  readonly #connection: RegistryConnection;
  readonly #digest: string;
  readonly #size: number;
  readonly #options: BlobStreamOptions;

  constructor(
    connection: RegistryConnection,
    { digest, size }: { readonly digest: string; readonly size: number },
    options: BlobStreamOptions,
  ) {
    this.#connection = connection;
    this.#digest = digest;
    this.#size = size;
    this.#options = options;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    const { retry, signal, onRetry, registry } = this.#options;
    let at = this.#options.offset;
    let attempt = 1;
    while (at < this.#size) {
      const began = at;
      const { response, skip } = await this.#open(at);
      let left = skip;
      try {
        for await (const chunk of response.body as AsyncIterable<Buffer>) {
          const fresh = left === 0 ? chunk : chunk.subarray(left);
          left -= chunk.length - fresh.length;
          at += fresh.length;
          if (at > this.#size) throw this.#wrongSize('more');
          if (fresh.length > 0) yield fresh;
        }
        if (at < this.#size) throw this.#wrongSize('fewer');
      } catch (error) {
        if (at - began >= WORTHWHILE_BYTES) attempt = 1;
        if (attempt >= retry.attempts || !isTransient(error) || signal?.aborted) {
          throw this.#connection.explain(error, { doing: this.#doing, signal });
        }
        onRetry?.(connectionFailure(registry, '', error).message);
        await pause(retry, attempt, undefined, signal);
        attempt += 1;
      }
    }
  }

  /** The response that brings the bytes from `at` on, after so many that are to be skipped. */
  async #open(at: number): Promise<{ response: Response; skip: number }> {
    const { registry, repository, signal, onRetry } = this.#options;
    const response = await this.#connection.request(`/blobs/${this.#digest}`, {
      doing: this.#doing,
      headers: at === 0 ? {} : { range: `bytes=${at}-` },
      signal,
      onRetry,
    });
    const range = /^bytes (\d+)-/.exec(String(response.headers['content-range'] ?? ''))?.[1];
    if (response.statusCode === 206 && Number(range) === at) return { response, skip: 0 };
    // A registry may ignore the range and send all.
    if (response.statusCode === 200) return this.#checked(response, at);
    if (response.statusCode === 206) {
      discard(response);
      throw badReply(registry, `sends another part of layer ${shortDigest(this.#digest)} than was asked for`);
    }
    if (response.statusCode === 404) {
      await response.body.dump();
      throw badReply(
        registry,
        `does not have layer ${this.#digest}, which the manifest of ${repository} names`,
      );
    }
    throw await failureOf(response, { registry, repository, reference: this.#digest });
  }

  #checked(response: Response, skip: number): { response: Response; skip: number } {
    const length = response.headers['content-length'];
    if (length !== undefined && Number(length) !== this.#size) {
      discard(response);
      throw this.#wrongSize(Number(length) > this.#size ? 'more' : 'fewer');
    }
    return { response, skip };
  }

  get #doing(): string {
    return `while reading layer ${shortDigest(this.#digest)}`;
  }

  #wrongSize(than: 'more' | 'fewer'): Error {
    const { registry } = this.#options;
    return badReply(
      registry,
      `sends ${than} bytes for layer ${shortDigest(this.#digest)} than the ${this.#size} that the manifest says`,
    );
  }
}
