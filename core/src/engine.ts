import type { Containers, EngineInfo, EngineOptions, Images, Volumes } from './api.ts';
import type { ContainerContext } from './container/context.ts';
import { processTable } from './container/facts.ts';
import { findContainer } from './container/find.ts';
import { Machine } from './container/machine.ts';
import { CONTAINER_SCHEMA } from './container/schema.ts';
import { ContainerService } from './container/service.ts';
import { ContainerTable } from './container/table.ts';
import { resolveImage } from './image/find.ts';
import type { ImageService } from './image/images.ts';
import { listImages } from './image/list.ts';
import { IMAGE_SCHEMA } from './image/schema.ts';
import { searchedImages } from './image/searched.ts';
import { ImageTable } from './image/table.ts';
import { findLauncher } from './launcher/binary.ts';
import { lazyNetworks } from './network/lazy.ts';
import type { Networks } from './network/request.ts';
import { NETWORK_SCHEMA } from './network/schema.ts';
import type { Drivers } from './plugin/drivers.ts';
import { openStore, type Store } from './store/store.ts';
import type { DiskUsage } from './usage/disk-usage.ts';
import { openVolumes } from './volume/open.ts';
import { VOLUME_SCHEMA } from './volume/schema.ts';
import { VolumeStore, type WithWorker } from './volume/volumes.ts';

/**
 * Containers and images of one state directory. Opening it is quick; registries, drivers and whatever else is heavy are
 * loaded when something needs them.
 */
export class Engine implements Disposable {
  readonly containers: Containers;
  readonly images: Images;
  readonly volumes: Volumes;
  readonly networks: Networks;
  readonly #store: Store;
  readonly #context: ContainerContext;
  #imageService: Promise<ImageService> | undefined;
  #drivers: Promise<Drivers> | undefined;

  /** @throws WherryError `E_STATE_*`, `E_UNSAFE_DIRECTORY`, `E_NO_SPACE` */
  constructor(options: EngineOptions = {}) {
    const env = options.env ?? process.env;
    const uid = process.geteuid?.() ?? 0;
    this.#store = openStore({ root: options.root, env, uid }, [
      IMAGE_SCHEMA,
      CONTAINER_SCHEMA,
      VOLUME_SCHEMA,
      NETWORK_SCHEMA,
    ]);
    const machine = new Machine(this.#store, env);
    const withWorker: WithWorker = async (work) =>
      (await import('./container/worker.ts')).withWorker(this.#context, work);
    this.#context = {
      store: this.#store,
      table: new ContainerTable(this.#store.database),
      volumes: new VolumeStore({ store: this.#store, mappedRoot: () => machine.mappedRoot, withWorker }),
      env,
      machine,
      processes: processTable(),
      images: () => this.#openImages(),
      drivers: () => this.#openDrivers(),
      launcher: findLauncher,
    };
    this.containers = new ContainerService(this.#context);
    this.networks = lazyNetworks(this.#context);
    this.volumes = openVolumes(this.#context, withWorker);
    this.images = lazyImages(
      this.#context,
      this.#store,
      () => this.#openImages(),
      async () => {
        const { sweep } = await import('./container/remove.ts');
        await sweep(this.#context);
      },
    );
  }

  /** What the user should hear once about where the state lies. */
  get notice(): string | undefined {
    return this.#store.paths.notice;
  }

  async info(): Promise<EngineInfo> {
    const { engineInfo } = await import('./container/info.ts');
    return engineInfo(this.#context);
  }

  /** What images, containers and volumes take on the disk. */
  async diskUsage(): Promise<DiskUsage> {
    const { diskUsage } = await import('./usage/disk-usage.ts');
    return diskUsage(this.#context);
  }

  /**
   * For a process that becomes another program: what `close` does but for the database, whose descriptors end with this
   * program, and which to close would write back its log first.
   */
  leave(): void {
    this.#store.temporary.clear();
  }

  close(): void {
    this.leave();
    this.#store.database.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #openImages(): Promise<ImageService> {
    this.#imageService ??= import('./image/open.ts').then(({ openImages }) => openImages(this.#context));
    return this.#imageService;
  }

  async #openDrivers(): Promise<Drivers> {
    this.#drivers ??= (async () => {
      const [{ builtinDrivers }, { openDrivers }] = await Promise.all([
        import('./plugin/builtin.ts'),
        import('./plugin/drivers.ts'),
      ]);
      const stateFor = (kind: 'storage' | 'network' | 'log', name: string) =>
        this.#store.driverState(kind, name);
      return openDrivers({ builtin: builtinDrivers(), stateFor });
    })();
    return this.#drivers;
  }
}

/** Images, with what only reads the database at hand, and all else loaded when it is called. */
function lazyImages(
  containers: ContainerContext,
  store: Store,
  open: () => Promise<ImageService>,
  /** Has containers that have gone let go of their images. */
  sweep: () => Promise<void>,
): Images {
  return {
    pull: async (request) => (await open()).pull(request),
    resolve: (reference) => resolveImage(searchedImages(containers), reference),
    list: () => listImages(new ImageTable(store.database)),
    inspect: async (reference) => (await open()).inspect(reference),
    tag: async (source, target) => (await open()).tag(source, target),
    history: async (reference) => (await open()).history(reference),
    async *save(references) {
      yield* (await open()).save(references);
    },
    load: async (request) => (await open()).load(request),
    import: async (request) => (await open()).import(request),
    push: async (request) => (await open()).push(request),
    commit: async (request) => {
      const { commitContainer } = await import('./image/commit.ts');
      const driver = containers.table.spec(findContainer(containers.table, request.container))?.storageDriver;
      return (await open()).adding(driver, (pull) => commitContainer(containers, pull, request));
    },
    async *export(container) {
      const { exportContainer } = await import('./image/commit.ts');
      yield* exportContainer(containers, container);
    },
    prune: async (request) => {
      await sweep();
      return (await open()).prune(request);
    },
    dropBlobs: async () => (await open()).dropBlobs(),
    remove: async (reference, options) => {
      await sweep();
      return (await open()).remove(reference, options);
    },
  };
}
