import type {
  CheckReport,
  CheckRequest,
  Containers,
  EngineInfo,
  EngineOptions,
  Images,
  Volumes,
} from './api.ts';
import type { ContainerContext } from './container/context.ts';
import { processTable } from './container/facts.ts';
import { findContainer } from './container/find.ts';
import { Machine } from './container/machine.ts';
import { CONTAINER_SCHEMA } from './container/schema.ts';
import { ContainerService } from './container/service.ts';
import { ContainerTable } from './container/table.ts';
import type { EngineEvent } from './event/event.ts';
import type { EventsRequest } from './event/follow.ts';
import type { ImageEvent } from './event/image-events.ts';
import { imageNames, removals, tagged } from './event/image-names.ts';
import { EVENT_SCHEMA } from './event/schema.ts';
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
import type { Plugins } from './plugin/api.ts';
import type { Drivers } from './plugin/drivers.ts';
import { warnOnce } from './plugin/warn.ts';
import { openStore, type Store } from './store/store.ts';
import type { DiskUsage } from './usage/usage.ts';
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
  readonly plugins: Plugins;
  readonly #store: Store;
  readonly #context: ContainerContext;
  #imageService: Promise<ImageService> | undefined;
  #drivers: Promise<Drivers> | undefined;
  readonly #onWarning: EngineOptions['onWarning'];

  /** @throws WherryError `E_STATE_*`, `E_UNSAFE_DIRECTORY`, `E_NO_SPACE` */
  constructor(options: EngineOptions = {}) {
    const env = options.env ?? process.env;
    this.#onWarning = options.onWarning;
    const uid = process.geteuid?.() ?? 0;
    this.#store = openStore({ root: options.root, env, uid }, [
      IMAGE_SCHEMA,
      CONTAINER_SCHEMA,
      VOLUME_SCHEMA,
      NETWORK_SCHEMA,
      EVENT_SCHEMA,
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
      clientPid: options.clientPid ?? process.pid,
      images: () => this.#openImages(),
      drivers: () => this.#openDrivers(),
      launcher: findLauncher,
    };
    this.containers = new ContainerService(this.#context);
    this.networks = lazyNetworks(this.#context);
    this.plugins = lazyPlugins(this.#context);
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

  /** Looks for damage of the state, and puts it right when asked to. */
  async check(request: CheckRequest): Promise<CheckReport> {
    const { checkState } = await import('./consistency/check.ts');
    return checkState(this.#context, await this.#openImages(), request);
  }

  /** What happened to containers, images, networks and volumes, and with no end of time what happens from now on. */
  async *events(request: EventsRequest = {}): AsyncGenerator<EngineEvent> {
    const { followEvents } = await import('./event/follow.ts');
    yield* followEvents(this.#context, request);
  }

  /**
   * For a process that ends, or becomes another program: what `close` does but for the database, whose descriptors end with
   * this program, and which to close would write back its log first.
   */
  leave(): void {
    this.#store.temporary.clear();
  }

  /** Gives back what the state holds open; whatever is called afterwards fails with `E_CLOSED`. May be called again. */
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
      const { openAllDrivers } = await import('./plugin/open.ts');
      const stateFor = (kind: 'storage' | 'network' | 'log', name: string) =>
        this.#store.driverState(kind, name);
      const onLog = warnOnce(this.#onWarning ?? (() => undefined));
      return openAllDrivers(this.#store.paths.plugins, { stateFor, onLog });
    })();
    return this.#drivers;
  }
}

function lazyPlugins(context: ContainerContext): Plugins {
  const open = async () => new (await import('./plugin/installed.ts')).PluginService(context);
  return {
    install: async (request) => (await open()).install(request),
    list: async () => (await open()).list(),
    find: async (name) => (await open()).find(name),
    remove: async (name) => (await open()).remove(name),
  };
}

/** Images, with what only reads the database at hand, and all else loaded when it is called. */
function lazyImages(
  containers: ContainerContext,
  store: Store,
  open: () => Promise<ImageService>,
  /** Has containers that have gone let go of their images. */
  sweep: () => Promise<void>,
): Images {
  const told = async <Result>(
    work: (service: ImageService) => Promise<Result>,
    events: (result: Result) => readonly ImageEvent[],
  ): Promise<Result> => {
    const [service, { recordImageEvents }] = await Promise.all([open(), import('./event/image-events.ts')]);
    const result = await work(service);
    recordImageEvents(containers, events(result));
    return result;
  };
  return {
    pull: (request) =>
      told(
        (service) => service.pull(request),
        () => [{ action: 'pull', name: request.reference }],
      ),
    resolve: (reference) => resolveImage(searchedImages(containers), reference),
    requirePlatform: async (reference, platform) => (await open()).requirePlatform(reference, platform),
    list: () => listImages(new ImageTable(store.database)),
    inspect: async (reference, options) => (await open()).inspect(reference, options),
    contents: async (ids) => (await open()).contents(ids),
    tag: (source, target) =>
      told(
        (service) => service.tag(source, target),
        () => [{ action: 'tag', name: target, byId: true }],
      ),
    history: async (reference) => (await open()).history(reference),
    async *save(references) {
      yield* (await open()).save(references);
      const { recordImageEvents } = await import('./event/image-events.ts');
      recordImageEvents(
        containers,
        references.map((name) => ({ action: 'save', name, byId: true })),
      );
    },
    load: (request) =>
      told(
        (service) => service.load(request),
        (loaded) => loaded.map(({ id, names }) => ({ action: 'load', name: names[0] ?? id, byId: true })),
      ),
    import: (request) =>
      told(
        (service) => service.import(request),
        (id) => [...tagged(request.reference, id), { action: 'import', name: request.reference ?? id, id }],
      ),
    push: (request) =>
      told(
        (service) => service.push(request),
        () => [{ action: 'push', name: request.reference }],
      ),
    commit: async (request) => {
      const { commitContainer } = await import('./image/commit.ts');
      const driver = containers.table.spec(findContainer(containers.table, request.container))?.storageDriver;
      const image = await (await open()).adding(driver, (pull) => commitContainer(containers, pull, request));
      const [{ recordContainerEvent }, { recordImageEvents }] = await Promise.all([
        import('./event/fold.ts'),
        import('./event/image-events.ts'),
      ]);
      recordImageEvents(containers, tagged(request.reference, image));
      const comment = request.message ?? '';
      const container = findContainer(containers.table, request.container);
      recordContainerEvent(containers, container, 'commit', {
        comment,
        imageID: image,
        imageRef: request.reference ?? '',
      });
      return image;
    },
    async *export(container) {
      const { exportContainer } = await import('./image/commit.ts');
      yield* exportContainer(containers, container);
      const { recordContainerEvent } = await import('./event/fold.ts');
      recordContainerEvent(containers, findContainer(containers.table, container), 'export');
    },
    prune: async (request) => {
      await sweep();
      const before = imageNames(store);
      return told(
        (service) => service.prune(request),
        (pruned) => [...removals(pruned, before), { action: 'prune', name: '', reclaimed: pruned.reclaimed }],
      );
    },
    dropBlobs: async () => (await open()).dropBlobs(),
    remove: async (reference, options) => {
      await sweep();
      const before = imageNames(store);
      return told(
        (service) => service.remove(reference, options),
        (removed) => removals(removed, before),
      );
    },
  };
}
