import { copyFileSync, existsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { ContainerContext } from '../container/context.ts';
import { commitState, driverGrants } from '../container/drivers.ts';
import { ensureDriverRoots, rootsOf } from '../container/roots.ts';
import { carryOut, workerCommand } from '../container/worker.ts';
import { WherryError } from '../errors/error.ts';
import { applyLayer } from '../layer/apply.ts';
import { readOwners } from '../layer/owners.ts';
import type { OwnerRecord } from '../layer/squash.ts';
import { type CheckedPlan, checkPlan } from '../plan/check.ts';
import { encodeFileOperations } from '../plan/encode.ts';
import { checkLocation } from '../plan/location.ts';
import { type Asker, planRefused, Refusal } from '../plan/refusal.ts';
import { resolveLocation } from '../plan/resolve.ts';
import type { LayerPlan, Location, Step } from '../plugin/contract.ts';
import type { StorageDriver } from '../plugin/drivers.ts';
import type { StateChanges } from '../plugin/state.ts';
import { dropDeadLeases, Lease } from '../store/lease.ts';
import { randomHex } from '../store/random.ts';
import type { BytePath } from '../tree/protocol.ts';
import { TreeWorker } from '../tree/worker.ts';
import { claimWhenFree } from './claim.ts';
import { LayerDurability } from './layer-durability.ts';
import { doubtLayersOfOtherIds } from './layer-ids.ts';
import type { LayerStore, UnpackedLayer, UnpackRequest } from './layers.ts';
import type { MappedLayer } from './mapped-layers.ts';
import type { LayerIds } from './mapped-name.ts';

/** An archive beyond this is taken for an attack; what the disk holds is a matter of the disk. */
const MAX_LAYER_BYTES = 2 ** 42;

interface LayerRow {
  readonly parent: string | null;
  readonly size: number;
  readonly unsynced: string | null;
}

type Context = Pick<ContainerContext, 'store' | 'machine' | 'launcher'>;

/**
 * The layers of a storage driver: the driver plans, the gate checks, a worker in the user namespace does it.
 *
 * A row of the table `layer` says that a layer is whole. It is written in the transaction that makes the driver's state say so, and it is
 * gone before the first file of the layer is; the driver's state goes last. Whatever the driver's state has beyond the rows is a leftover
 * of a killed process, which `cleanup` removes. A layer that may not have reached the disk before the machine went down counts as absent,
 * and is put in place again under its name, as containers and other layers build on it.
 */
export class DriverLayerStore implements LayerStore {
  readonly #context: Context;
  readonly #storage: StorageDriver;
  readonly #leases = new Map<string, Lease>();
  readonly #durability: LayerDurability;
  readonly parallel: boolean;

  constructor(context: Context, storage: StorageDriver) {
    this.#context = context;
    this.#storage = storage;
    this.parallel = storage.parallel().value;
    doubtLayersOfOtherIds(context.store.database, context.machine.idmap);
    this.#durability = new LayerDurability(context.store);
    this.#durability.anyDoubtful();
  }

  get driver(): string {
    return this.#storage.info.name;
  }

  has(chainId: string): boolean {
    const row = this.#row(chainId);
    return row !== undefined && !this.#durability.isDoubtful(row.unsynced);
  }

  size(chainId: string): number {
    return this.#row(chainId)?.size ?? 0;
  }

  async unpack(request: UnpackRequest): Promise<UnpackedLayer> {
    const { chainId, parent, signal } = request;
    const key = randomHex(6);
    const prepared = this.#prepare(key, this.parallel ? undefined : parent);
    try {
      await using worker = this.#worker(signal);
      await worker.spread(this.#context.store.paths.layers(this.driver));
      await this.#execute(worker, prepared.plan);
      const applied = await applyLayer({
        source: request.source,
        worker,
        target: prepared.target,
        style: prepared.whiteouts,
        idMap: this.#context.machine.idmap,
        ownersFile: `${prepared.target}.owners`,
        // The files of a layer that is whole were its parent's first.
        ...(prepared.whiteouts === 'apply' && { recordedBelow: await this.#recordedIn(parent) }),
        name: `layer ${request.digest}`,
        ...(request.verified ? {} : { expectedDigest: request.digest }),
        expectedDiffId: request.diffId,
        limits: { maxSize: MAX_LAYER_BYTES },
        ...(signal === undefined ? {} : { signal }),
      });
      return { chainId, parent, key, size: applied.written };
    } catch (error) {
      await this.#removeAll([key]);
      this.#release(key);
      throw error;
    }
  }

  /** Whether the tree of a layer holds the files of those below it, too. */
  wholeTrees(chainId: string): boolean {
    return this.#storage.changed(chainId).value.tag === 'compare';
  }

  /** Copies a layer, with the owners that its files have for a container. @throws WherryError `E_USERNS` */
  async copy({ chainId, origin, parent }: MappedLayer, ids: LayerIds): Promise<UnpackedLayer> {
    const key = randomHex(6);
    const prepared = this.#prepare(key, this.parallel ? undefined : parent);
    const source = this.#treeOf(origin);
    try {
      await using worker = this.#worker();
      await worker.spread(this.#context.store.paths.layers(this.driver));
      await this.#execute(worker, prepared.plan);
      await worker.ids(ids);
      const { bytes } = await worker.copy(source, prepared.target, { reflink: true, shifted: true });
      // Beside the tree: owners that the user lacks, and so the container.
      if (existsSync(`${source}.owners`)) copyFileSync(`${source}.owners`, `${prepared.target}.owners`);
      return { chainId, parent, key, size: bytes, mapped: { origin, ids: JSON.stringify(ids) } };
    } catch (error) {
      await this.#removeAll([key]);
      this.#release(key);
      throw error;
    }
  }

  async commit(layer: UnpackedLayer): Promise<void> {
    try {
      await this.#enter(layer);
    } catch (error) {
      if (!(error instanceof WherryError) || error.code !== 'E_DRIVER_IN_USE') throw error;
      // What is being removed, or was when a process was killed, still has its name.
      await this.#alone(async () => {
        await this.#cleanUp();
        await this.#enter(layer);
      });
    }
  }

  /** @throws WherryError `E_DRIVER_IN_USE` while the driver has something of the layer's name that no row knows */
  async #enter(layer: UnpackedLayer): Promise<void> {
    const { chainId, parent, key, size, mapped } = layer;
    if (this.has(chainId)) return await this.discard(layer);
    if (this.#row(chainId) !== undefined) return await this.renew(layer);
    const ask = () => this.#storage.commitLayer(key, chainId, parent);
    const plan = this.#check('commit-layer', ask().value);
    if (plan.steps.length > 0) {
      await using worker = this.#worker();
      await this.#execute(worker, plan);
    }
    const { database } = this.#context.store;
    const entered = database.transaction(() => {
      if (this.#row(chainId) !== undefined) return false;
      database.run(
        'INSERT INTO layer VALUES (?, ?, ?, ?, ?)',
        this.driver,
        chainId,
        parent ?? null,
        size,
        this.#durability.now(),
      );
      if (mapped !== undefined) {
        const { origin, ids } = mapped;
        database.run('INSERT INTO mapped_layer VALUES (?, ?, ?, ?)', this.driver, chainId, origin, ids);
      }
      // Asked again: other processes have written in the driver's books since.
      this.#keep(ask().changes);
      return true;
    });
    if (!entered) return await this.discard(layer);
    this.#release(key);
  }

  async discard({ key }: UnpackedLayer): Promise<void> {
    await this.#removeAll([key]);
    this.#release(key);
  }

  async confirm(): Promise<void> {
    const { store, launcher } = this.#context;
    await this.#durability.confirm(launcher(), store.paths.layers(this.driver));
  }

  async remove(chainIds: readonly string[]): Promise<void> {
    if (chainIds.length > 0) await this.#alone(() => this.#removeAll(chainIds));
  }

  async cleanup(): Promise<void> {
    if (this.#hasLeftovers(this.#context.store.database.transaction(() => this.#known()))) {
      await this.#alone(() => this.#cleanUp());
    }
  }

  /**
   * One process at a time removes layers: what another one has taken away meanwhile may have been made anew under its name, and the
   * first one's books would forget that.
   */
  async #alone<Result>(work: () => Promise<Result>): Promise<Result> {
    using lease = new Lease(this.#context.store.database);
    await claimWhenFree(lease, 'removal', this.driver, undefined);
    return await work();
  }

  async #cleanUp(): Promise<void> {
    const leftovers = this.#context.store.database.transaction(() => {
      const known = this.#known();
      return this.#hasLeftovers(known) ? this.#storage.cleanup([...known]) : undefined;
    });
    if (leftovers === undefined) return;
    const plan = this.#check('cleanup', leftovers.value);
    await using worker = this.#worker();
    await this.#execute(worker, plan);
    this.#keep(leftovers.changes);
  }

  /** Puts files in the place of those of a layer that may not have reached the disk, or are damaged. Nothing must have it mounted. */
  async renew(layer: UnpackedLayer): Promise<void> {
    const { chainId, key } = layer;
    const [fresh, old] = [this.#treeOf(key), this.#treeOf(chainId)];
    {
      await using worker = this.#worker();
      await worker.makeDirectory(dirname(old), 0o700);
      for (const path of [old, `${old}.owners`]) await worker.remove(path);
      if (existsSync(`${fresh}.owners`)) await worker.rename(`${fresh}.owners`, `${old}.owners`);
      await worker.rename(fresh, old);
    }
    this.#context.store.database.run(
      'UPDATE layer SET unsynced = ? WHERE driver = ? AND chain_id = ?',
      this.#durability.now(),
      this.driver,
      chainId,
    );
    await this.discard(layer);
  }

  /** What is recorded beside the trees of a layer and of those below it. */
  async #recordedIn(layer: string | undefined): Promise<Iterable<BytePath>> {
    const below: string[] = [];
    for (let each = layer; each !== undefined; each = this.#row(each)?.parent ?? undefined) below.push(each);
    const records = new Map<BytePath, OwnerRecord>();
    for (const each of below.reverse()) await readOwners(`${this.#treeOf(each)}.owners`, records);
    return records.keys();
  }

  #treeOf(name: string): string {
    const [location] = this.#storage.usage(name).value;
    if (location === undefined) throw new Error(`the storage driver ${this.driver} has no tree for ${name}`);
    return this.#resolve('usage', location);
  }

  /** Has the driver set up an active snapshot, which a lease keeps from being taken for a leftover. */
  #prepare(
    key: string,
    parent: string | undefined,
  ): { readonly plan: CheckedPlan; readonly target: string; readonly whiteouts: LayerPlan['whiteouts'] } {
    const { store, machine } = this.#context;
    ensureDriverRoots(this.#context, { kind: 'storage', driver: this.driver });
    return store.database.transaction(() => {
      const lease = new Lease(store.database);
      lease.hold('snapshot', [key]);
      const { value, changes } = this.#storage.prepareLayer({
        key,
        parent,
        facts: machine.facts,
        options: [],
      });
      const plan = this.#check('prepare-layer', value.steps);
      const target = this.#resolve('prepare-layer', value.target);
      this.#keep(changes);
      this.#leases.set(key, lease);
      return { plan, target, whiteouts: value.whiteouts };
    });
  }

  async #removeAll(names: readonly string[]): Promise<void> {
    const answers = this.#planRemovals(names);
    if (answers.length === 0) return;
    const roots = rootsOf(this.#context, this.#asker('remove'));
    await using worker = this.#worker();
    await carryOut(
      worker,
      answers.flatMap(({ plan }) => encodeFileOperations(plan, roots)),
    );
    this.#context.store.database.transaction(() => {
      for (const { changes } of answers) this.#keep(changes);
    });
  }

  /**
   * What the driver answers when they go one after the other; its state says so only when the files are gone. A layer that has a row
   * stays: somebody needed it again, and made it anew, between its row's end and this process's turn to remove its files.
   */
  #planRemovals(names: readonly string[]): readonly { plan: CheckedPlan; changes: StateChanges }[] {
    return this.#context.store.database.rehearse(() =>
      names
        .filter((name) => this.#row(name) === undefined)
        .map((name) => {
          const { value, changes } = this.#storage.remove(name);
          this.#keep(changes);
          return { plan: this.#check('remove', value), changes };
        }),
    );
  }

  /** Names that the driver may hold: whole layers, containers, and what living processes fill. */
  #known(): ReadonlySet<string> {
    const { database } = this.#context.store;
    dropDeadLeases(database);
    const rows = database.all<{ name: string }>(
      `SELECT chain_id AS name FROM layer WHERE driver = ?1
       UNION SELECT id FROM container WHERE storage_driver = ?1
       UNION SELECT name FROM lease_item WHERE kind = 'snapshot'`,
      this.driver,
    );
    return new Set(rows.map(({ name }) => name));
  }

  /** Whether the driver holds something beyond what it may. */
  #hasLeftovers(known: ReadonlySet<string>): boolean {
    return this.#storage.list().value.some(({ name }) => !known.has(name));
  }

  #row(chainId: string): LayerRow | undefined {
    return this.#context.store.database.get<LayerRow>(
      'SELECT parent, size, unsynced FROM layer WHERE driver = ? AND chain_id = ?',
      this.driver,
      chainId,
    );
  }

  #check(request: string, steps: readonly Step[]): CheckedPlan {
    return checkPlan({ asker: this.#asker(request), steps, grants: driverGrants(this.#storage) });
  }

  /** Where a driver says that a tree of layers is, which is to be changed. */
  #resolve(request: string, location: Location): string {
    const asker = this.#asker(request);
    try {
      checkLocation('storage', location, 'change', driverGrants(this.#storage));
    } catch (error) {
      if (error instanceof Refusal) throw planRefused(asker, 'the target', error.message);
      throw error;
    }
    return resolveLocation(location, rootsOf(this.#context, asker));
  }

  #asker(request: string): Asker {
    return { kind: 'storage', driver: this.driver, request };
  }

  async #execute(worker: TreeWorker, plan: CheckedPlan): Promise<void> {
    await carryOut(worker, encodeFileOperations(plan, rootsOf(this.#context, plan.asker)));
  }

  #keep(changes: StateChanges): void {
    commitState(this.#context.store, [{ info: this.#storage.info, changes }]);
  }

  #release(key: string): void {
    this.#leases.get(key)?.release();
    this.#leases.delete(key);
  }

  #worker(signal?: AbortSignal): TreeWorker {
    return new TreeWorker(workerCommand(this.#context), { signal });
  }
}
