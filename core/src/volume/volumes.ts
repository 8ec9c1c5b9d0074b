import { rm } from 'node:fs/promises';
import { timestamp } from '../container/time.ts';
import { WherryError } from '../errors/error.ts';
import { EventTable } from '../event/table.ts';
import { errnoOf } from '../store/errno.ts';
import type { Store } from '../store/store.ts';
import type { TreeWorker } from '../tree/worker.ts';
import {
  bringBack,
  hasVolumeDirectory,
  type MappedRoot,
  makeVolumeDirectory,
  takeAway,
  takenAway,
} from './directory.ts';
import type { NeededVolume } from './merge.ts';
import { checkVolumeName, newVolumeName } from './name.ts';
import { volumeSource } from './options.ts';
import { type VolumeRow, VolumeTable, type VolumeUser } from './table.ts';

/** By which Docker tells volumes that nobody named. */
export const ANONYMOUS_LABEL = 'com.docker.volume.anonymous';

export interface VolumeContext {
  readonly store: Store;
  readonly mappedRoot: () => MappedRoot | undefined;
  /** A worker in the containers' user namespace, for trees with files of other ids than the user's own. */
  readonly withWorker: WithWorker;
}

export type WithWorker = <Result>(work: (worker: TreeWorker) => Promise<Result>) => Promise<Result>;

export interface CreateVolumeRequest {
  readonly name?: string | undefined;
  readonly labels?: Readonly<Record<string, string>>;
  readonly options?: Readonly<Record<string, string>>;
}

/** What `prune` removed. */
export interface Pruned {
  readonly names: readonly string[];
  /** Bytes on the disk. */
  readonly reclaimed: number;
}

/**
 * Makes, finds and removes volumes. Every decision is taken within a transaction, in which the container rows that refer
 * to a volume can't change; the directory is moved away in it too, so that a name and its files are never of two volumes.
 */
export class VolumeStore {
  readonly table: VolumeTable;
  readonly #context: VolumeContext;

  constructor(context: VolumeContext) {
    this.#context = context;
    this.table = new VolumeTable(context.store.database);
  }

  /**
   * Makes a volume, or answers with the one of that name.
   * @throws WherryError `E_VOLUME_NAME`, `E_VOLUME_OPTION`, `E_VOLUME_CONFLICT`
   */
  create({ name, labels = {}, options = {} }: CreateVolumeRequest): VolumeRow {
    const needed = {
      name: name === undefined ? newVolumeName() : checkVolumeName(name),
      anonymous: name === undefined,
      labels: name === undefined ? { ...labels, [ANONYMOUS_LABEL]: '' } : labels,
      options,
    };
    volumeSource(options);
    return this.#context.store.database.transaction(() => this.#ensure(needed));
  }

  /** Makes what a container needs. To be called within the transaction that writes the container's row. */
  ensure(volumes: readonly NeededVolume[]): void {
    for (const volume of volumes) {
      volumeSource(volume.options);
      const labels = volume.anonymous ? { ...volume.labels, [ANONYMOUS_LABEL]: '' } : volume.labels;
      this.#ensure({ ...volume, labels });
    }
  }

  /** @throws WherryError `E_VOLUME_NOT_FOUND` */
  find(name: string): VolumeRow {
    const row = this.table.get(name);
    if (row === undefined) throw notFound(name);
    return row;
  }

  /**
   * Removes a volume that no container of any state uses.
   * @throws WherryError `E_VOLUME_NOT_FOUND`, `E_VOLUME_IN_USE`
   */
  async remove(name: string): Promise<void> {
    const taken = this.#context.store.database.transaction(() => {
      this.find(name);
      const users = this.table.users(name);
      if (users.length > 0) throw inUse(name, users);
      return this.#takeAll([name]);
    });
    await this.removeTrees(taken);
  }

  /** Removes all that no container uses and `select` wants. */
  async prune(select: (volume: VolumeRow) => boolean): Promise<Pruned> {
    const { names, taken } = this.#context.store.database.transaction(() => {
      const used = this.table.useCounts();
      const rows = this.table.all().filter((row) => !used.has(row.name) && select(row));
      const unused = rows.map(({ name }) => name);
      return { names: unused, taken: this.#takeAll(unused) };
    });
    const reclaimed = await this.#measure(taken);
    await this.removeTrees(takenAway(this.#context.store));
    const attributes = { reclaimed: String(reclaimed) };
    new EventTable(this.#context.store.database).insert({
      type: 'volume',
      action: 'prune',
      actor: '',
      attributes,
    });
    return { names, reclaimed };
  }

  /**
   * Drops those of these volumes that no container uses any more. To be called within the transaction that removes their
   * container's row. @returns the trees that are left for `removeTrees`
   */
  dropUnused(names: readonly string[]): readonly string[] {
    return this.#takeAll(
      names.filter((name) => this.table.get(name) !== undefined && this.table.users(name).length === 0),
    );
  }

  /** Removes trees that were taken away. */
  async removeTrees(paths: readonly string[]): Promise<void> {
    const left: string[] = [];
    for (const path of paths) if (!(await removeOwn(path))) left.push(path);
    if (left.length === 0) return;
    await this.#context.withWorker(async (worker) => {
      for (const path of left) await worker.remove(path);
    });
  }

  /** Bytes on the disk of each volume. */
  async usage(names: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const { store, withWorker } = this.#context;
    const sizes = new Map<string, number>();
    if (names.length === 0) return sizes;
    await withWorker(async (worker) => {
      for (const name of names) {
        sizes.set(name, (await worker.usage([store.paths.volume(name)])).allocated);
      }
    });
    return sizes;
  }

  #ensure({ name, anonymous, labels, options }: NeededVolume): VolumeRow {
    const { store, mappedRoot } = this.#context;
    const existing = this.table.get(name);
    if (existing !== undefined) {
      if (Object.keys(options).length > 0 && !sameEntries(options, existing.options)) throw conflict(name);
      makeVolumeDirectory(store, name, mappedRoot());
      return existing;
    }
    // What a command left that was killed, or that isn't ours: no data of an unknown volume comes to light in a new one.
    if (hasVolumeDirectory(store, name)) takeAway(store, name);
    const row = { name, created: timestamp(), anonymous, labels, options };
    this.table.insert(row);
    this.#tell('create', name);
    makeVolumeDirectory(store, name, mappedRoot());
    return row;
  }

  /** Rows and directories go together, or not at all. */
  #takeAll(names: readonly string[]): string[] {
    const { store } = this.#context;
    const taken: { readonly name: string; readonly path: string }[] = [];
    try {
      for (const name of names) {
        this.table.delete(name);
        this.#tell('destroy', name);
        const path = takeAway(store, name);
        if (path !== undefined) taken.push({ name, path });
      }
    } catch (error) {
      for (const { name, path } of taken) bringBack(store, name, path);
      throw error;
    }
    return taken.map(({ path }) => path);
  }

  #tell(action: string, name: string): void {
    const attributes = { driver: 'local' };
    new EventTable(this.#context.store.database).insert({ type: 'volume', action, actor: name, attributes });
  }

  async #measure(paths: readonly string[]): Promise<number> {
    if (paths.length === 0) return 0;
    return this.#context.withWorker(async (worker) => (await worker.usage(paths)).allocated);
  }
}

/** Removes a tree as the user; false when it holds what belongs to subordinate ids. */
async function removeOwn(path: string): Promise<boolean> {
  try {
    await rm(path, { recursive: true, force: true });
    return true;
  } catch (error) {
    if (!['EACCES', 'EPERM', 'ENOTEMPTY'].includes(errnoOf(error) ?? '')) throw error;
    return false;
  }
}

function sameEntries(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

function notFound(name: string): WherryError {
  return new WherryError(`get ${name}: no such volume`, {
    code: 'E_VOLUME_NOT_FOUND',
    hint: 'wherry volume ls   lists all volumes.',
  });
}

function inUse(name: string, users: readonly VolumeUser[]): WherryError {
  const list = users.map((user) => `${user.name} (${user.id.slice(0, 12)})`).join(', ');
  return new WherryError(`remove ${name}: volume is in use - [${list}]`, {
    code: 'E_VOLUME_IN_USE',
    hint: `wherry rm ${users.map((user) => user.name).join(' ')}   removes what uses it; a container that has stopped counts, too.`,
  });
}

function conflict(name: string): WherryError {
  return new WherryError(`A volume named ${name} exists already, with other options.`, {
    code: 'E_VOLUME_CONFLICT',
    hint: `Choose another name, or remove it: wherry volume rm ${name}`,
  });
}
