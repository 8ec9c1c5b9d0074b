import type {
  HistoryEntry,
  ImageContent,
  ImageSummary,
  Images,
  ImportRequest,
  InspectImageOptions,
  LoadedImage,
  LoadRequest,
  PrunedImages,
  PruneImagesRequest,
  PullRequest,
  PushRequest,
  RemovedImage,
  RemoveImageOptions,
  ResolvedImage,
} from '../api.ts';
import { BlobStore } from '../blob/blob-store.ts';
import { writeLayout } from '../blob/layout.ts';
import type { LayerTrees } from '../container/rootfs.ts';
import type { RetryPolicy } from '../registry/retry.ts';
import { Lease } from '../store/lease.ts';
import { keepReserve } from '../store/reserve.ts';
import type { Environment } from '../store/root.ts';
import type { Store } from '../store/store.ts';
import { collectTemporary } from '../store/temporary.ts';
import { collectBlobs, forgetUnusedLayers } from './collect.ts';
import type { DroppedBlobs } from './dropped-blobs.ts';
import type { FetchContext } from './fetch-blobs.ts';
import { resolveImage } from './find.ts';
import type { LayerStore } from './layers.ts';
import { listImages } from './list.ts';
import { isMappedName } from './mapped-name.ts';
import type { PullContext } from './pull.ts';
import { removeImage } from './remove.ts';
import { searchedImages } from './searched.ts';
import { isStarter } from './starter-name.ts';
import type { ImageTable } from './table.ts';

export interface ImagesOptions {
  readonly store: Store;
  readonly env: Environment;
  /** Effective user id. */
  readonly uid: number;
  /** The layers of a storage driver, of the default one when none is named. */
  layerStore(driver: string | undefined): Promise<LayerStore>;
  /** Whether a container, by id, runs now. */
  isRunning(id: string): boolean;
  /** Where a storage driver has the files of an image's layers, by its topmost chain id. */
  layerTrees(driver: string, top: string | undefined): Promise<LayerTrees>;
  /** Directory with the programs of the starter image. */
  starterPrograms(): string;
  readonly retry?: RetryPolicy;
}

/** Everything about images but running them. */
export class ImageService implements Omit<Images, 'commit' | 'export'> {
  readonly #options: ImagesOptions;
  readonly #store: Store;
  readonly #table: ImageTable;
  readonly blobs: BlobStore;
  #pulls = 0;

  constructor(options: ImagesOptions) {
    this.#options = options;
    this.#store = options.store;
    this.#table = searchedImages(options);
    this.blobs = new BlobStore(
      options.store.paths.images,
      options.store.temporary,
      options.store.paths.partial,
    );
  }

  async pull(
    request: PullRequest,
  ): Promise<{ readonly id: string; readonly digest: string; readonly reference: string }> {
    return this.adding(request.storageDriver, async (context) => {
      if (isStarter(request.reference)) {
        const { makeStarter } = await import('./starter.ts');
        return await makeStarter(context, this.#options.starterPrograms(), request);
      }
      const { pullImage } = await import('./pull.ts');
      return await pullImage(context, request);
    });
  }

  async inspect(
    reference: string,
    { trees = true }: InspectImageOptions = {},
  ): Promise<Readonly<Record<string, unknown>>> {
    const { inspectImage } = await import('./inspect.ts');
    const layerTrees = trees ? this.#options.layerTrees : undefined;
    return inspectImage(this.#table, this.blobs, layerTrees, reference);
  }

  async contents(ids: readonly string[]): Promise<readonly ImageContent[]> {
    const { imageContents } = await import('./contents.ts');
    return imageContents(this.#store.database, this.#table, this.blobs, ids);
  }

  async *save(references: readonly string[]): AsyncGenerator<Uint8Array> {
    const [{ chosenImages, saveImages }, { bringBlobs }] = await Promise.all([
      import('./save.ts'),
      import('./fetch-blobs.ts'),
    ]);
    using _held = await bringBlobs(this.fetching, chosenImages(this.#table, references));
    yield* saveImages(this.#table, this.blobs, references);
  }

  async load(request: LoadRequest): Promise<readonly LoadedImage[]> {
    const { loadImages } = await import('./load.ts');
    return this.adding(request.storageDriver, (context) => loadImages(context, request));
  }

  async import(request: ImportRequest): Promise<string> {
    const { importImage } = await import('./import.ts');
    return this.adding(request.storageDriver, (context) => importImage(context, request));
  }

  async push(request: PushRequest): Promise<{ readonly digest: string }> {
    const { pushImage } = await import('./push.ts');
    return this.adding(undefined, (context) => pushImage(context, request));
  }

  /** Does something that brings images, after what was left of earlier attempts is gone. */
  async adding<Result>(
    driver: string | undefined,
    work: (context: PullContext) => Promise<Result>,
  ): Promise<Result> {
    const layers = await this.#options.layerStore(driver);
    collectTemporary(this.#store.paths.temporary);
    this.blobs.partials.collect();
    await layers.cleanup();
    keepReserve(this.#store.paths.root);
    const { env, uid, retry } = this.#options;
    this.#pulls += 1;
    try {
      const context = { store: this.#store, blobs: this.blobs, layers, env, uid, ...(retry && { retry }) };
      return await this.#store.database.manyChanges(() => work(context));
    } finally {
      this.#pulls -= 1;
      this.#writeLayout();
    }
  }

  resolve(reference: string): ResolvedImage {
    return resolveImage(this.#table, reference);
  }

  async requirePlatform(reference: string, platform: string): Promise<void> {
    const [{ findImage }, { parsePlatform, requirePlatform }, { platformOf }] = await Promise.all([
      import('./find.ts'),
      import('./platform.ts'),
      import('./table.ts'),
    ]);
    // A platform that is none is told before an image that isn't there.
    parsePlatform(platform);
    requirePlatform(platform, reference, platformOf(findImage(this.#table, reference).image));
  }

  list(): ImageSummary[] {
    this.#writeLayout();
    return listImages(this.#table);
  }

  async remove(reference: string, { force, keepParents }: RemoveImageOptions): Promise<RemovedImage> {
    const { isRunning } = this.#options;
    const removed = removeImage(this.#store.database, this.#table, reference, {
      force,
      keepParents,
      isRunning,
    });
    this.#writeLayout();
    const layers = await this.collect();
    return removed.deleted.length === 0 ? removed : { ...removed, deleted: [...removed.deleted, ...layers] };
  }

  async tag(source: string, target: string): Promise<void> {
    const { tagImage } = await import('./tag.ts');
    tagImage(this.#table, source, target);
    this.#writeLayout();
  }

  async history(reference: string): Promise<HistoryEntry[]> {
    const { imageHistory } = await import('./history.ts');
    return imageHistory(this.#store.database, this.#table, this.blobs, reference);
  }

  async prune(request: PruneImagesRequest): Promise<PrunedImages> {
    const [{ pruneImages }, { forgetIdleMapped }] = await Promise.all([
      import('./prune.ts'),
      import('./idle-layers.ts'),
    ]);
    const { database } = this.#store;
    const { untagged, deleted } = pruneImages(database, this.#table, request);
    this.#writeLayout();
    const partial = this.blobs.partials.collect({ all: true });
    const idle = forgetIdleMapped(database);
    if (deleted.length === 0 && idle === 0) return { untagged, deleted, reclaimed: partial };
    const before = this.#diskUse();
    const layers = await this.collect();
    if (deleted.length === 0) return { untagged, deleted, reclaimed: partial + before - this.#diskUse() };
    return { untagged, deleted: [...deleted, ...layers], reclaimed: partial + before - this.#diskUse() };
  }

  /** Gives up compressed layers that can be fetched again. */
  async dropBlobs(): Promise<DroppedBlobs> {
    return (await import('./dropped-blobs.ts')).dropBlobs(this.#store.database, this.blobs);
  }

  /** Fetches a layer's blob again that isn't here. @throws WherryError of the registry, `E_IMAGE_INCOMPLETE` */
  async fetch(digest: string, signal?: AbortSignal): Promise<void> {
    const row = this.#store.database.get<{ image: string }>(
      'SELECT image FROM image_layer WHERE blob = ?',
      digest,
    );
    if (row === undefined) return;
    const { bringBlobs } = await import('./fetch-blobs.ts');
    (await bringBlobs(this.fetching, [row.image], signal)).release();
  }

  /** What it takes to fetch a blob again. */
  get fetching(): FetchContext {
    const { env, uid, retry } = this.#options;
    return { store: this.#store, blobs: this.blobs, env, uid, ...(retry && { retry }) };
  }

  /** Bytes of all blobs and unpacked layers. */
  #diskUse(): number {
    const blobs = this.blobs.list().reduce((sum, digest) => sum + this.blobs.size(digest), 0);
    const row = this.#store.database.get<{ size: number | null }>('SELECT sum(size) AS size FROM layer');
    return blobs + (row?.size ?? 0);
  }

  /**
   * Has the layers of an image unpacked by a storage driver other than the one it was pulled with.
   * @throws WherryError `E_IMAGE_INCOMPLETE` when a blob is missing
   */
  async ensureLayers(id: string, driver: string | undefined, signal?: AbortSignal): Promise<void> {
    const store = await this.#options.layerStore(driver);
    const layers = this.#table.layersOf(id);
    if (layers.every(({ chainId }) => store.has(chainId))) return;
    const [{ pullLayers }, { bringBlobs }] = await Promise.all([
      import('./pull-layers.ts'),
      import('./fetch-blobs.ts'),
    ]);
    using _held = await bringBlobs(this.fetching, [id], signal);
    using lease = new Lease(this.#store.database);
    lease.hold(
      'layer',
      layers.map(({ chainId }) => chainId),
    );
    await pullLayers({
      layers,
      blobs: this.blobs,
      store,
      lease,
      download: ({ blob }) => {
        throw new Error(`The blob ${blob} of ${id} has not been brought.`);
      },
      signal,
      emit: () => undefined,
    });
  }

  /**
   * Removes unfinished files of dead processes, old beginnings of blobs, blobs and layers that nothing uses.
   * @returns the chain ids of the removed layers
   */
  async collect(): Promise<readonly string[]> {
    collectTemporary(this.#store.paths.temporary);
    this.blobs.partials.collect();
    collectBlobs(this.#store.database, this.blobs);
    const removed: string[] = [];
    await this.#store.database.manyChanges(async () => {
      for (const driver of this.#drivers()) {
        const layers = forgetUnusedLayers(this.#store.database, driver);
        const store = await this.#options.layerStore(driver);
        await store.remove(layers);
        await store.cleanup();
        removed.push(...layers.filter((name) => !isMappedName(name)));
      }
    });
    return removed;
  }

  /** Storage drivers that hold something. */
  #drivers(): readonly string[] {
    return this.#store.database
      .all<{ driver: string }>(
        `SELECT DISTINCT driver FROM layer
         UNION SELECT substr(driver, 9) FROM driver_state WHERE driver LIKE 'storage-%'`,
      )
      .map(({ driver }) => driver);
  }

  #writeLayout(): void {
    const { paths, database, temporary } = this.#store;
    writeLayout(paths.images, database, temporary, () => this.#table.layoutEntries());
    if (this.#pulls === 0) temporary.clear();
  }
}
