import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { ContainerContext } from '../container/context.ts';
import { driverGrants } from '../container/drivers.ts';
import { rootsOf } from '../container/roots.ts';
import { workerCommand } from '../container/worker.ts';
import type { DriverLayerStore } from '../image/layer-store.ts';
import type { UnpackedLayer, UnpackRequest } from '../image/layers.ts';
import { checkLocation } from '../plan/location.ts';
import { resolveLocation } from '../plan/resolve.ts';
import type { Snapshot } from '../plugin/contract.ts';
import type { StorageDriver } from '../plugin/drivers.ts';
import { treeDifference } from '../tree/difference.ts';
import { TreeWorker } from '../tree/worker.ts';

type Context = Pick<ContainerContext, 'store' | 'machine' | 'launcher'>;

/** The trees of one storage driver, looked at and put right from outside of it. */
export class LayerFiles {
  readonly #context: Context;
  readonly #storage: StorageDriver;
  readonly #layers: DriverLayerStore;

  constructor(context: Context, storage: StorageDriver, layers: DriverLayerStore) {
    this.#context = context;
    this.#storage = storage;
    this.#layers = layers;
  }

  /** What the driver holds: layers, containers, and what is being filled. */
  snapshots(): readonly Snapshot[] {
    return this.#storage.list().value;
  }

  /** Absolute path of the tree of a layer or container that the driver holds. */
  tree(name: string): string {
    const [location] = this.#storage.usage(name).value;
    if (location === undefined)
      throw new Error(`the storage driver ${this.#layers.driver} has no tree for ${name}`);
    checkLocation('storage', location, 'change', driverGrants(this.#storage));
    const asker = { kind: 'storage', driver: this.#layers.driver } as const;
    return resolveLocation(location, rootsOf(this.#context, asker));
  }

  /** Bytes of the files of a layer. */
  async size(name: string): Promise<number> {
    const path = this.tree(name);
    if (!existsSync(path)) return 0;
    await using worker = this.#worker();
    return (await worker.usage([path])).apparent;
  }

  /** Those of these paths where there is no directory. */
  async missing(paths: readonly string[]): Promise<readonly string[]> {
    if (paths.length === 0) return [];
    await using worker = this.#worker();
    const found: string[] = [];
    for (const path of paths) {
      const entry = existsSync(dirname(path)) ? await worker.stat(dirname(path), basename(path)) : undefined;
      if (entry?.type !== 'directory') found.push(path);
    }
    return found;
  }

  /**
   * Unpacks a layer's blob beside it and compares. @returns what is wrong, as the end of a sentence; undefined when nothing is
   * @throws WherryError when the blob isn't what it should be
   */
  async compare(request: UnpackRequest): Promise<string | undefined> {
    return await this.compareWith(request.chainId, () => this.#layers.unpack(request));
  }

  /** The same with a tree that `make` makes. */
  async compareWith(name: string, make: () => Promise<UnpackedLayer>): Promise<string | undefined> {
    const fresh = await make();
    try {
      const actual = this.tree(name);
      const expected = this.tree(fresh.key);
      if (!sameFile(ownersOf(actual), ownersOf(expected))) return 'has another record of owners and devices';
      await using one = this.#worker();
      await using other = this.#worker();
      return await treeDifference({ worker: one, root: actual }, { worker: other, root: expected });
    } finally {
      await this.#layers.discard(fresh);
    }
  }

  /** Puts a new tree in the place of a layer's. Nothing must have it mounted. */
  async replace(request: UnpackRequest): Promise<void> {
    await this.replaceBy(() => this.#layers.unpack(request));
  }

  /** The same with a tree that `make` makes. */
  async replaceBy(make: () => Promise<UnpackedLayer>): Promise<void> {
    const fresh = await make();
    try {
      await this.#layers.renew(fresh);
    } catch (error) {
      await this.#layers.discard(fresh);
      throw error;
    }
    await this.#layers.confirm();
  }

  #worker(): TreeWorker {
    return new TreeWorker(workerCommand(this.#context));
  }
}

/** The side file of a tree (see `OwnersFile`). */
function ownersOf(tree: string): string {
  return `${tree}.owners`;
}

function sameFile(a: string, b: string): boolean {
  if (!existsSync(a) || !existsSync(b)) return existsSync(a) === existsSync(b);
  return readFileSync(a).equals(readFileSync(b));
}
