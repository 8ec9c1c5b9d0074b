import type { Meter } from './digest.ts';

export interface IntakeOptions {
  readonly meter: Meter;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((bytes: number) => void) | undefined;
}

/** A blob on its way in: metered, abortable, and still there to be read to its end after its reader has given up. */
export class Intake implements AsyncIterable<Uint8Array> {
  readonly #iterator: AsyncIterator<Uint8Array>;
  readonly #options: IntakeOptions;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(source: AsyncIterable<Uint8Array>, options: IntakeOptions) {
    this.#iterator = source[Symbol.asyncIterator]();
    this.#options = options;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (let chunk = await this.#pull(); chunk !== undefined; chunk = await this.#pull()) yield chunk;
  }

  /** Meters the rest. */
  async drain(): Promise<void> {
    while ((await this.#pull()) !== undefined);
  }

  /** Tells the source that nothing more is wanted. */
  async close(): Promise<void> {
    // A source that hangs is not waited for: it was told.
    if (this.#options.signal?.aborted) void Promise.resolve(this.#iterator.return?.()).catch(() => {});
    else await this.#iterator.return?.();
  }

  /** One chunk after the other, also when a reader that was given up still has a call under way. */
  #pull(): Promise<Uint8Array | undefined> {
    const next = this.#turn.then(() => this.#next());
    this.#turn = next.catch(() => {});
    return next;
  }

  async #next(): Promise<Uint8Array | undefined> {
    const { meter, signal, onProgress } = this.#options;
    const result = await abortable(this.#iterator.next(), signal);
    if (result.done) return undefined;
    meter.update(result.value);
    onProgress?.(meter.size);
    return result.value;
  }
}

async function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await promise;
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
