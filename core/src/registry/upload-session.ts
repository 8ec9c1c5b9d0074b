import { createReadStream } from 'node:fs';
import { discard } from './body.ts';
import type { RegistryConnection } from './connection.ts';
import { badReply, isTransient } from './failure.ts';
import { failureOf } from './registry-error.ts';
import { isRetryStatus, LONGEST_RETRY_AFTER_MS, pause, type RetryPolicy, retryAfter } from './retry.ts';
import type { Response } from './transport.ts';
import type { UploadBlob, UploadOptions } from './upload.ts';

/** Bytes of a piece, where a blob isn't taken as a whole. */
const CHUNK_BYTES = 16 << 20;
/** A connection that took this much may be cut without its counting as a failed try. */
const WORTHWHILE_BYTES = 4 << 20;
const READ_BYTES = 256 << 10;

const TOO_LARGE = 413;
const WRONG_RANGE = 416;
/** Answers of a registry that knows no PATCH, or takes no pieces. */
const UNKNOWN: readonly number[] = [400, 404, 405, 415, 501];

/** What an attempt came to: all is there, or it is to be gone on with. */
type Outcome = 'done' | { readonly retry: unknown; readonly asked?: number | undefined };

/**
 * A blob on its way into a registry (distribution specification v1.1, "Pushing blobs"): in one PUT, or, where the registry says a
 * size for pieces or refuses the whole, in PATCHes and a closing PUT. After a cut connection it asks how much has arrived, and goes
 * on from there; where nothing was kept it begins anew, in pieces, so that each that has arrived counts.
 */
export class UploadSession {
  readonly #connection: RegistryConnection;
  readonly #blob: UploadBlob;
  readonly #options: UploadOptions;
  readonly #retry: RetryPolicy;
  #location: string;
  #offset = 0;
  /** Bytes of a piece; undefined while the rest is sent as a whole. */
  #chunk: number | undefined;
  /** What the registry says of pieces: nothing, that it would have them, or that it takes none. */
  #pieces: 'asked for' | 'refused' | undefined;

  /** @param begun the 202 that opened it */
  constructor(
    connection: RegistryConnection,
    begun: Response,
    blob: UploadBlob,
    options: UploadOptions,
    retry: RetryPolicy,
  ) {
    this.#connection = connection;
    this.#blob = blob;
    this.#options = options;
    this.#retry = retry;
    this.#location = this.#open(begun);
  }

  /** @throws WherryError of the registry */
  async send(): Promise<void> {
    const { signal } = this.#options;
    let reached = 0;
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await this.#attempt();
      if (outcome === 'done') return;
      if (this.#offset - reached >= WORTHWHILE_BYTES) attempt = 1;
      reached = this.#offset;
      if (attempt >= this.#retry.attempts || signal?.aborted) throw await this.#failure(outcome.retry);
      if (isResponse(outcome.retry)) discard(outcome.retry);
      await pause(this.#retry, attempt, outcome.asked, signal);
      await this.#locate();
    }
  }

  async #attempt(): Promise<Outcome> {
    try {
      // A piece that follows others is sent by PATCH, as a PUT with a body is taken for the whole by some.
      while (this.#offset > 0 || this.#chunk !== undefined) {
        if (this.#offset === this.#blob.size) break;
        const outcome = await this.#patch();
        if (outcome !== 'done') return outcome;
      }
      return await this.#put();
    } catch (error) {
      if (!isTransient(error) || this.#options.signal?.aborted) {
        throw this.#connection.explain(error, { doing: this.#doing, signal: this.#options.signal });
      }
      return { retry: error };
    }
  }

  async #patch(): Promise<Outcome> {
    const { size } = this.#blob;
    const end = Math.min(size, this.#offset + (this.#chunk ?? size));
    const response = await this.#request('PATCH', this.#location, this.#offset, end, {
      'content-range': `${this.#offset}-${end - 1}`,
    });
    if (response.statusCode !== 202) return this.#again(response);
    await response.body.dump();
    this.#offset = end;
    this.#location = this.#locationOf(response) ?? this.#location;
    return 'done';
  }

  async #put(): Promise<Outcome> {
    const { digest, size } = this.#blob;
    const separator = this.#location.includes('?') ? '&' : '?';
    const url = `${this.#location}${separator}${new URLSearchParams({ digest })}`;
    const response = await this.#request('PUT', url, this.#offset, size, {});
    if (response.statusCode !== 201) return this.#again(response);
    await response.body.dump();
    return 'done';
  }

  #request(
    method: 'PATCH' | 'PUT',
    url: string,
    start: number,
    end: number,
    headers: Readonly<Record<string, string>>,
  ): Promise<Response> {
    const length = end - start;
    return this.#connection.once(url, {
      doing: this.#doing,
      method,
      access: 'push',
      signal: this.#options.signal,
      headers: { 'content-type': 'application/octet-stream', 'content-length': String(length), ...headers },
      body: length === 0 ? '' : () => this.#bytes(start, end),
    });
  }

  async *#bytes(start: number, end: number): AsyncGenerator<Uint8Array> {
    let sent = start;
    const source = createReadStream(this.#blob.path, { start, end: end - 1, highWaterMark: READ_BYTES });
    for await (const piece of source as AsyncIterable<Uint8Array>) {
      sent += piece.length;
      this.#options.onProgress?.(sent);
      yield piece;
    }
  }

  /** What to do with an answer that isn't the one hoped for. @throws WherryError when nothing can be done */
  async #again(response: Response): Promise<Outcome> {
    const { statusCode } = response;
    if (statusCode === TOO_LARGE && this.#mayDivide) {
      this.#pieces = 'asked for';
      this.#chunk = CHUNK_BYTES;
      return { retry: response };
    }
    if (UNKNOWN.includes(statusCode) && this.#chunk !== undefined && this.#pieces === undefined) {
      this.#pieces = 'refused';
      return { retry: response };
    }
    const asked = retryAfter(response, Date.now());
    const mayRetry = isRetryStatus(statusCode) || statusCode === WRONG_RANGE;
    if (mayRetry && (asked ?? 0) <= LONGEST_RETRY_AFTER_MS) return { retry: response, asked };
    throw await this.#failure(response);
  }

  /** Asks how much the registry has, and where to go on; begins anew where it has forgotten. */
  async #locate(): Promise<void> {
    if (this.#pieces === 'refused' && this.#chunk !== undefined) return this.#restart();
    const status = await this.#connection.request(this.#location, {
      doing: this.#doing,
      access: 'push',
      headers: {},
      signal: this.#options.signal,
    });
    await status.body.dump();
    const last = Number(/^(?:bytes=)?0-(\d+)$/.exec(String(status.headers.range ?? ''))?.[1] ?? Number.NaN);
    // "0-0" is said of one byte and of none.
    const known = status.statusCode < 300 && last > 0 && last < this.#blob.size;
    if (!known) return this.#restart();
    this.#offset = last + 1;
    this.#location = this.#locationOf(status) ?? this.#location;
  }

  async #restart(): Promise<void> {
    const begun = await beginUpload(this.#connection, this.#doing, '', this.#options.signal);
    if (begun.statusCode !== 202) throw await this.#failure(begun);
    await begun.body.dump();
    if (this.#pieces !== 'asked for') this.#chunk = this.#mayDivide ? CHUNK_BYTES : undefined;
    this.#location = this.#open(begun);
    this.#offset = 0;
  }

  #open(begun: Response): string {
    const least = Number(begun.headers['oci-chunk-min-length'] ?? Number.NaN);
    // A registry that says how small a piece may be is one that would have pieces.
    if (least > 0) {
      this.#pieces = 'asked for';
      this.#chunk = Math.max(least, CHUNK_BYTES);
    }
    const location = this.#locationOf(begun);
    if (location === undefined) throw badReply(this.#options.registry, 'names no place to upload to');
    return location;
  }

  get #mayDivide(): boolean {
    return this.#chunk === undefined && this.#pieces === undefined && this.#blob.size > CHUNK_BYTES;
  }

  #locationOf({ headers: { location } }: Response): string | undefined {
    return typeof location === 'string' ? this.#connection.absolute(location) : undefined;
  }

  async #failure(cause: unknown): Promise<unknown> {
    const { registry, repository, signal } = this.#options;
    if (isResponse(cause)) return failureOf(cause, { registry, repository, reference: '', access: 'push' });
    return this.#connection.explain(cause, { doing: this.#doing, signal });
  }

  get #doing(): string {
    return `while pushing ${this.#blob.digest}`;
  }
}

/** @param query `?mount=…&from=…`, or nothing */
export function beginUpload(
  connection: RegistryConnection,
  doing: string,
  query: string,
  signal: AbortSignal | undefined,
): Promise<Response> {
  return connection.request(`/blobs/uploads/${query}`, {
    doing,
    method: 'POST',
    access: 'push',
    headers: { 'content-length': '0' },
    signal,
  });
}

function isResponse(value: unknown): value is Response {
  return typeof value === 'object' && value !== null && 'statusCode' in value && 'body' in value;
}
