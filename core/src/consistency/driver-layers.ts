import type { ContainerContext } from '../container/context.ts';
import { findRunning } from '../container/running.ts';
import { WherryError } from '../errors/error.ts';
import { DriverLayerStore } from '../image/layer-store.ts';
import type { UnpackRequest } from '../image/layers.ts';
import { type CopiedLayer, ensureMappedLayers, findCopied } from '../image/mapped-layers.ts';
import type { Database } from '../store/database.ts';
import { dropDeadLeases, Lease } from '../store/lease.ts';
import type { Fault, Findings } from './fault.ts';
import { LayerFiles } from './layer-files.ts';
import { imageNames } from './names.ts';

export interface LayersContext {
  readonly containers: ContainerContext;
  /** Puts the layers of an image in place that a driver lacks. */
  ensureLayers(image: string, driver: string): Promise<void>;
  /** A layer's blob; undefined when it was given up. @throws WherryError when it can't be read */
  blob(digest: string): AsyncIterable<Uint8Array> | undefined;
  /** Has it here again. @throws WherryError of the registry */
  fetch(digest: string): Promise<void>;
}

/** A layer as the database has it for one driver. */
interface LayerRow {
  readonly chain_id: string;
  readonly parent: string | null;
}

/** How an image has a layer. */
interface ImageLayerRow {
  readonly chain_id: string;
  readonly diff_id: string;
  readonly blob: string;
  readonly media_type: string;
  readonly size: number;
  readonly image: string;
}

export interface LayerFindings extends Findings {
  /** Layers that couldn't be compared, as their blobs aren't here. */
  readonly unread: number;
}

export const UNPACKED = 'It has been unpacked again.';

const COPIED = 'It has been copied again.';

/** The layers of one storage driver, by the database, by its own records and by the trees. */
export class DriverCheck {
  readonly #context: LayersContext;
  readonly #driver: string;
  readonly #files: LayerFiles;
  readonly #store: DriverLayerStore;
  readonly #faults: Fault[] = [];
  /** Layers that the driver has, that images need, and that the database doesn't know. */
  readonly unrecorded = new Set<string>();
  #unread = 0;

  static async open(context: LayersContext, driver: string): Promise<DriverCheck> {
    const storage = (await context.containers.drivers()).storage(driver);
    const store = new DriverLayerStore(context.containers, storage);
    return new DriverCheck(context, driver, store, new LayerFiles(context.containers, storage, store));
  }

  private constructor(context: LayersContext, driver: string, store: DriverLayerStore, files: LayerFiles) {
    this.#context = context;
    this.#driver = driver;
    this.#store = store;
    this.#files = files;
  }

  async run(thorough: boolean): Promise<LayerFindings> {
    const { rows, held, snapshots } = this.#records();
    const named = new Map(snapshots.map((each) => [each.name, each]));
    const known = new Set(rows.map(({ chain_id }) => chain_id));
    for (const { name, parent } of snapshots) {
      if (held.has(name) || this.#imageLayer(name) === undefined) continue;
      this.unrecorded.add(name);
      this.#report(name, 'is unpacked, and not recorded', () => this.#adopt(name, parent));
    }
    const sound: LayerRow[] = [];
    for (const row of rows) {
      const wrong = this.#recordFault(row, known, named.get(row.chain_id)?.parent, named.has(row.chain_id));
      if (wrong === undefined) sound.push(row);
      else this.#report(row.chain_id, wrong, () => this.#record(row.chain_id));
    }
    for (const { name } of snapshots) if (!held.has(name) && !this.unrecorded.has(name)) this.#leftover(name);
    const trees = new Map(sound.map(({ chain_id }) => [this.#files.tree(chain_id), chain_id]));
    const missing = new Set(await this.#files.missing([...trees.keys()]));
    for (const [path, chainId] of trees) {
      if (missing.has(path))
        this.#report(chainId, `has lost its files, which were in ${path}`, () => this.#applyAgain(chainId));
    }
    const whole = sound.filter(({ chain_id }) => !missing.has(this.#files.tree(chain_id)));
    if (thorough) for (const row of whole) await this.#compare(row);
    return { count: rows.length, unread: this.#unread, faults: this.#faults };
  }

  /** What the database and the driver say at one moment. */
  #records() {
    const { database } = this.#context.containers.store;
    return database.transaction(() => {
      dropDeadLeases(database);
      const rows = fromTheBottom(
        database.all<LayerRow>('SELECT chain_id, parent FROM layer WHERE driver = ?', this.#driver),
      );
      const others = database.all<{ name: string }>(
        `SELECT id AS name FROM container WHERE storage_driver = ?
         UNION SELECT name FROM lease_item WHERE kind = 'snapshot'`,
        this.#driver,
      );
      const held = new Set([...rows.map(({ chain_id }) => chain_id), ...others.map(({ name }) => name)]);
      return { rows, held, snapshots: this.#files.snapshots() };
    });
  }

  #recordFault(
    { parent }: LayerRow,
    known: ReadonlySet<string>,
    recorded: string | undefined,
    held: boolean,
  ): string | undefined {
    if (!held) return `is recorded, and the storage driver doesn't know it`;
    if (parent !== null && !known.has(parent)) return `lies on the layer ${parent}, which is not there`;
    return recorded === (parent ?? undefined)
      ? undefined
      : `has another layer below it in the driver's records`;
  }

  async #compare({ chain_id: chainId, parent }: LayerRow): Promise<void> {
    const layer = this.#imageLayer(chainId);
    if (layer === undefined) return await this.#compareCopy(chainId, parent);
    const source = this.#context.blob(layer.blob);
    if (source === undefined) {
      this.#unread += 1;
      return;
    }
    try {
      const wrong = await this.#files.compare(request(layer, parent, source));
      if (wrong !== undefined) this.#report(chainId, wrong, () => this.#applyAgain(chainId));
    } catch (error) {
      // Damage of the blob itself is told of as that.
      if (!(error instanceof WherryError) || !/^E_(DIGEST|LAYER)/.test(error.code)) throw error;
    }
  }

  /** A copy for a container's ids against one that is made of the same layer now, which has been looked at before it. */
  async #compareCopy(chainId: string, parent: string | null): Promise<void> {
    const copy = this.#copy(chainId, parent);
    if (copy === undefined) return;
    try {
      const wrong = await this.#files.compareWith(chainId, () => this.#store.copy(copy, copy.ids));
      if (wrong !== undefined) this.#report(chainId, wrong, () => this.#applyAgain(chainId));
    } catch (error) {
      // The layer that it was copied from is damaged, and told of as that.
      if (!(error instanceof WherryError) || !error.code.startsWith('E_TREE_')) throw error;
    }
  }

  #copy(chainId: string, parent: string | null): CopiedLayer | undefined {
    return findCopied(this.#context.containers.store.database, this.#driver, chainId, parent ?? undefined);
  }

  #report(chainId: string, wrong: string, mend: () => Promise<string>): void {
    const { database } = this.#context.containers.store;
    const layer = this.#imageLayer(this.#copy(chainId, null)?.origin ?? chainId);
    const names = imageNames(database);
    const of = layer === undefined ? '' : ` of image ${names(layer.image)}`;
    const message = `The layer ${chainId}${of} (${this.#driver}) ${wrong}.`;
    this.#faults.push({ kind: 'layer', subject: `${this.#driver}:${chainId}`, message, mend });
  }

  #leftover(name: string): void {
    const message = `The storage driver ${this.#driver} holds ${name}, which no image and no container has.`;
    const mend = async () => {
      await this.#store.cleanup();
      return 'It has been removed.';
    };
    this.#faults.push({ kind: 'leftover', subject: `${this.#driver}:${name}`, message, mend });
  }

  /** Has a layer unpacked again whose records were no good, unless that of one below has put them right. */
  async #record(chainId: string): Promise<string> {
    const { database } = this.#context.containers.store;
    const copy = this.#copy(chainId, null);
    if (copy !== undefined) return await this.#copyAgain(copy);
    const { image } = this.#needed(chainId);
    await this.#context.ensureLayers(image, this.#driver);
    const { rows, snapshots } = this.#records();
    const row = rows.find(({ chain_id }) => chain_id === chainId);
    const known = new Set(rows.map(({ chain_id }) => chain_id));
    const snapshot = snapshots.find(({ name }) => name === chainId);
    if (row !== undefined && this.#recordFault(row, known, snapshot?.parent, snapshot !== undefined)) {
      this.#refuseMounted(chainId);
      database.run('DELETE FROM layer WHERE driver = ? AND chain_id = ?', this.#driver, chainId);
      await this.#context.ensureLayers(image, this.#driver);
    }
    return UNPACKED;
  }

  /** Has a copy made anew whose records were no good. */
  async #copyAgain({ chainId, origin, ids }: CopiedLayer): Promise<string> {
    const { containers } = this.#context;
    const { database } = containers.store;
    this.#refuseMounted(chainId);
    database.run('DELETE FROM layer WHERE driver = ? AND chain_id = ?', this.#driver, chainId);
    database.run('DELETE FROM mapped_layer WHERE driver = ? AND chain_id = ?', this.#driver, chainId);
    using lease = new Lease(database);
    await ensureMappedLayers(containers, this.#driver, origin, ids, lease);
    return COPIED;
  }

  /** Records a layer that the driver has. Whether its files are whole nobody knows, so they are unpacked again. */
  async #adopt(chainId: string, parent: string | undefined): Promise<string> {
    const { database } = this.#context.containers.store;
    const measured = database.get<{ size: number }>(
      'SELECT max(size) AS size FROM layer WHERE chain_id = ?',
      chainId,
    );
    const size = measured?.size ?? (await this.#files.size(chainId));
    database.run(
      'INSERT OR IGNORE INTO layer (driver, chain_id, parent, size) VALUES (?, ?, ?, ?)',
      this.#driver,
      chainId,
      parent ?? null,
      size,
    );
    return this.#applyAgain(chainId);
  }

  async #applyAgain(chainId: string): Promise<string> {
    const { database } = this.#context.containers.store;
    const below = parents(database, this.#driver).get(chainId) ?? null;
    const copy = this.#copy(chainId, below);
    if (copy !== undefined) {
      this.#refuseMounted(chainId);
      await this.#files.replaceBy(() => this.#store.copy(copy, copy.ids));
      return COPIED;
    }
    const layer = this.#needed(chainId);
    this.#refuseMounted(chainId);
    await this.#context.fetch(layer.blob);
    const source = this.#context.blob(layer.blob);
    if (source === undefined) throw new Error(`The blob ${layer.blob} was given up meanwhile.`);
    await this.#files.replace(request(layer, below, source));
    return UNPACKED;
  }

  /** The files under a running container must stay what they are. */
  #refuseMounted(chainId: string): void {
    const { containers } = this.#context;
    const users = containers.store.database.all<{ id: string; name: string; top: string }>(
      'SELECT id, name, top_layer AS top FROM container WHERE storage_driver = ? AND top_layer IS NOT NULL',
      this.#driver,
    );
    const below = parents(containers.store.database, this.#driver);
    for (const { id, name, top } of users) {
      for (let at: string | null | undefined = top; at; at = below.get(at)) {
        if (at !== chainId || findRunning(containers, id) === undefined) continue;
        throw new WherryError(`The container ${name}, which runs, has it mounted.`, {
          code: 'E_CONTAINER_RUNNING',
          hint: `wherry stop ${name}   stops it; then let it be mended again.`,
        });
      }
    }
  }

  #needed(chainId: string): ImageLayerRow {
    const layer = this.#imageLayer(chainId);
    if (layer !== undefined) return layer;
    throw new WherryError('No image has it any more, so it can not be unpacked again.', {
      code: 'E_IMAGE_INCOMPLETE',
      hint: 'Remove what stands on it.',
    });
  }

  #imageLayer(chainId: string): ImageLayerRow | undefined {
    return this.#context.containers.store.database.get<ImageLayerRow>(
      'SELECT * FROM image_layer WHERE chain_id = ? ORDER BY image LIMIT 1',
      chainId,
    );
  }
}

function request(
  layer: ImageLayerRow,
  parent: string | null,
  source: AsyncIterable<Uint8Array>,
): UnpackRequest {
  return {
    chainId: layer.chain_id,
    parent: parent ?? undefined,
    diffId: layer.diff_id,
    mediaType: layer.media_type,
    digest: layer.blob,
    source,
    verified: false,
  };
}

/** Each after the one below it, so that what others are mended from is mended first. */
function fromTheBottom(rows: readonly LayerRow[]): readonly LayerRow[] {
  const below = new Map(rows.map((row) => [row.chain_id, row.parent]));
  const depth = ({ chain_id }: LayerRow): number => {
    let steps = 0;
    // A circle of parents would be damage, too.
    for (let at = below.get(chain_id); at != null && steps < rows.length; at = below.get(at)) steps += 1;
    return steps;
  };
  return rows.toSorted((a, b) => depth(a) - depth(b) || (a.chain_id < b.chain_id ? -1 : 1));
}

function parents(database: Database, driver: string): ReadonlyMap<string, string | null> {
  const rows = database.all<LayerRow>('SELECT chain_id, parent FROM layer WHERE driver = ?', driver);
  return new Map(rows.map((row) => [row.chain_id, row.parent]));
}
