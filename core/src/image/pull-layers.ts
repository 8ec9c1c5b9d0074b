import type { PullEvent } from '../api.ts';
import { type BlobStore, withWholeBlob } from '../blob/blob-store.ts';
import { shortDigest } from '../blob/digest.ts';
import type { Lease } from '../store/lease.ts';
import { claimWhenFree } from './claim.ts';
import { type LayerEvent, LayerProgress } from './layer-progress.ts';
import type { LayerStore, UnpackedLayer } from './layers.ts';
import { Slots } from './slots.ts';
import type { ImageLayer } from './table.ts';

/** Docker's number of downloads at a time. */
const CONCURRENCY = 3;

export interface PullLayersOptions {
  readonly layers: readonly ImageLayer[];
  readonly blobs: BlobStore;
  readonly store: LayerStore;
  readonly lease: Lease;
  /** The bytes of a layer's blob from the registry, from an offset on. */
  download(
    layer: ImageLayer,
    options: {
      readonly offset: number;
      readonly signal: AbortSignal;
      readonly onRetry: (why: string) => void;
    },
  ): AsyncIterable<Buffer>;
  /** Whether a blob was given up, so that its unpacked layer is enough. */
  readonly dropped?: (blob: string) => boolean;
  readonly signal?: AbortSignal | undefined;
  emit(event: PullEvent): void;
}

/**
 * Brings all layers of an image into the blob store and the layer store, several at a time, each unpacked while its bytes arrive.
 * When one fails, the others are ended; blobs and layers that are whole by then stay.
 * @returns bytes of the unpacked layers
 */
export async function pullLayers(options: PullLayersOptions): Promise<number> {
  const failed = new AbortController();
  const signal =
    options.signal === undefined ? failed.signal : AbortSignal.any([options.signal, failed.signal]);
  const slots = new Slots(CONCURRENCY);
  const committed: Promise<number>[] = [];
  const fetched = new Map<string, Promise<unknown>>();
  let failure: { readonly error: unknown } | undefined;
  for (const [index, layer] of options.layers.entries()) {
    const parent = options.layers[index - 1]?.chainId;
    const below = committed[index - 1] ?? Promise.resolve(0);
    // The same blob may stand in one image several times, as that of an empty layer does.
    const twin = fetched.get(layer.blob) ?? Promise.resolve();
    const job = new LayerJob(options, layer, parent, below, signal).run(slots, twin);
    job.catch((error: unknown) => {
      failure ??= { error };
      failed.abort(error);
    });
    committed.push(job);
    fetched.set(
      layer.blob,
      job.catch(() => undefined),
    );
  }
  const outcomes = await Promise.allSettled(committed);
  await options.store.confirm();
  if (options.signal?.aborted) throw options.signal.reason;
  if (failure !== undefined) throw failure.error;
  return outcomes.reduce((sum, outcome) => sum + (outcome.status === 'fulfilled' ? outcome.value : 0), 0);
}

class LayerJob {
  readonly #options: PullLayersOptions;
  readonly #layer: ImageLayer;
  readonly #parent: string | undefined;
  readonly #below: Promise<unknown>;
  readonly #signal: AbortSignal;
  readonly #progress: LayerProgress;

  constructor(
    options: PullLayersOptions,
    layer: ImageLayer,
    parent: string | undefined,
    below: Promise<unknown>,
    signal: AbortSignal,
  ) {
    this.#options = options;
    this.#layer = layer;
    this.#parent = parent;
    this.#below = below;
    this.#signal = signal;
    const emit = (event: LayerEvent) =>
      options.emit({ kind: 'layer', id: shortDigest(layer.blob), ...event });
    this.#progress = new LayerProgress(emit, layer.size);
  }

  /** @returns bytes of the unpacked layer */
  async run(slots: Slots, twin: Promise<unknown>): Promise<number> {
    const { store } = this.#options;
    const { chainId } = this.#layer;
    if (store.has(chainId) && (this.#hasBlob() || this.#options.dropped?.(this.#layer.blob))) {
      this.#progress.say('exists');
      return store.size(chainId);
    }
    this.#progress.say('waiting');
    await twin;
    await this.#claimed(`layer-${store.driver}`, chainId, () => this.#bring(slots));
    this.#progress.say('done');
    return store.size(chainId);
  }

  /** Nobody waits for another layer while holding a slot, or the last slots could wait for each other. */
  async #bring(slots: Slots): Promise<void> {
    const { store } = this.#options;
    const there = store.has(this.#layer.chainId);
    // Where the files of the layer below have to be there first, the bytes needn't wait for them.
    if ((there || !store.parallel) && !this.#hasBlob()) await slots.run(() => this.#fetch());
    if (there) return;
    if (!store.parallel) await this.#below;
    await this.#commit(await slots.run(() => (this.#hasBlob() ? this.#unpack() : this.#fetchAndUnpack())));
  }

  /** Another process may be at the same blob, for this layer or for another one: what it has brought is taken. */
  async #fetch(): Promise<void> {
    await this.#claimed('blob', this.#layer.blob, async () => {
      if (!this.#hasBlob()) await withWholeBlob(() => drain(this.#arriving()));
    });
  }

  /** Nobody who has a blob claimed waits for anything but its bytes, so that no two can wait for each other. */
  async #fetchAndUnpack(): Promise<UnpackedLayer> {
    const unpacked = await this.#claimed('blob', this.#layer.blob, async () =>
      this.#hasBlob() ? undefined : this.#unpack(),
    );
    return unpacked ?? this.#unpack();
  }

  async #claimed<Result>(kind: string, name: string, work: () => Promise<Result>): Promise<Result> {
    const { lease } = this.#options;
    await claimWhenFree(lease, kind, name, this.#signal);
    try {
      return await work();
    } finally {
      lease.disclaim(kind, name);
    }
  }

  #unpack(): Promise<UnpackedLayer> {
    return withWholeBlob(() => this.#unpackOnce());
  }

  async #unpackOnce(): Promise<UnpackedLayer> {
    this.#signal.throwIfAborted();
    const { store } = this.#options;
    const kept = this.#hasBlob();
    const source = new Unclosed(kept ? this.#kept() : this.#arriving());
    let unpacked: UnpackedLayer | undefined;
    try {
      unpacked = await store.unpack({
        chainId: this.#layer.chainId,
        parent: this.#parent,
        diffId: this.#layer.diffId,
        mediaType: this.#layer.mediaType,
        digest: this.#layer.blob,
        source,
        verified: !kept,
        signal: this.#signal,
      });
      // A blob may go on after the end of its tar, and is whole only with that.
      await drain(source);
      return unpacked;
    } catch (error) {
      if (unpacked !== undefined) await store.discard(unpacked);
      // What is wrong with the bytes, or with their digest, says more than what the unpacking made of them.
      if (!this.#signal.aborted) await drain(source).catch(() => undefined);
      throw source.failure === undefined ? error : source.failure.error;
    } finally {
      await source.close();
    }
  }

  async #commit(unpacked: UnpackedLayer): Promise<void> {
    const { store } = this.#options;
    try {
      await this.#below;
      await store.commit(unpacked);
    } catch (error) {
      await store.discard(unpacked);
      throw error;
    }
  }

  /** From the registry, into the blob store on the way. */
  #arriving(): AsyncGenerator<Uint8Array, void, undefined> {
    const { blobs, download } = this.#options;
    const progress = this.#progress;
    const signal = this.#signal;
    const onRetry = (why: string) => progress.retrying(why);
    const layer = this.#layer;
    const counted = async function* (offset: number) {
      // What an earlier attempt has brought counts.
      if (offset > 0) progress.downloaded(offset);
      const bytes = download(layer, { offset, signal, onRetry });
      for await (const chunk of bytes) {
        progress.downloaded(chunk.length);
        yield chunk;
      }
      progress.say('verifying');
    };
    const { blob: digest, size } = layer;
    const received = blobs.fetch({ digest, size }, counted);
    return (async function* () {
      yield* received;
      progress.say('extracting');
    })();
  }

  async *#kept(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of this.#options.blobs.read(this.#layer.blob)) {
      this.#signal.throwIfAborted();
      this.#progress.extracted(chunk.length);
      yield chunk;
    }
  }

  #hasBlob(): boolean {
    const { blob: digest, size } = this.#layer;
    return this.#options.blobs.has({ digest, size });
  }
}

/** A source that a reader may leave and another take up; remembers how it failed. */
class Unclosed implements AsyncIterable<Uint8Array> {
  readonly #source: AsyncGenerator<Uint8Array, void, undefined>;
  failure: { readonly error: unknown } | undefined;

  constructor(source: AsyncGenerator<Uint8Array, void, undefined>) {
    this.#source = source;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, void, undefined> {
    return {
      next: async () => {
        try {
          return await this.#source.next();
        } catch (error) {
          this.failure = { error };
          throw error;
        }
      },
    };
  }

  async close(): Promise<void> {
    await this.#source.return();
  }
}

async function drain(source: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of source);
}
