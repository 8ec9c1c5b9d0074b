import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CONTAINER_SCHEMA } from '../../src/container/schema.ts';
import { ImageService } from '../../src/image/images.ts';
import { IMAGE_SCHEMA } from '../../src/image/schema.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { MemoryLayers } from './memory-layers.ts';

/** Images in a state directory of their own, with layers in memory. */
export class TestImages implements Disposable {
  readonly root: string;
  readonly store: Store;
  readonly images: ImageService;
  readonly running = new Set<string>();
  readonly #programs: string;

  constructor(layers: MemoryLayers = new MemoryLayers(), root?: string) {
    this.root = root ?? mkdtempSync(join(tmpdir(), 'wherry-images-'));
    const uid = process.geteuid?.() ?? 0;
    const env = { HOME: this.root, REGISTRY_AUTH_FILE: join(this.root, 'none.json') };
    this.store = openStore({ root: this.root, env, uid }, [IMAGE_SCHEMA, CONTAINER_SCHEMA]);
    layers.database = this.store.database;
    this.#programs = mkdtempSync(join(tmpdir(), 'wherry-starter-'));
    for (const name of ['hello', 'toolbox']) writeFileSync(join(this.#programs, name), `program ${name}`);
    this.images = new ImageService({
      store: this.store,
      env,
      uid,
      layerStore: async () => layers,
      layerTrees: async (driver, top) => ({
        kind: 'changes',
        trees: top === undefined ? [] : [`/${driver}/${top}`, `/${driver}/below`],
      }),
      isRunning: (id) => this.running.has(id),
      starterPrograms: () => this.#programs,
      retry: { attempts: 3, firstMs: 1, longestMs: 1 },
    });
  }

  get blobs(): readonly string[] {
    return filesOf(join(this.root, 'images/blobs/sha256'));
  }

  get unfinished(): readonly string[] {
    return filesOf(join(this.root, 'tmp'));
  }

  /** Writes the user's configuration. */
  configure(settings: object): void {
    mkdirSync(join(this.root, '.config/wherry'), { recursive: true });
    writeFileSync(join(this.root, '.config/wherry/config.json'), JSON.stringify(settings));
  }

  /** A container as far as images care. */
  addContainer(id: string, image: string, topLayer: string | null): void {
    this.store.database.run(
      `INSERT INTO container (id, name, image, image_id, storage_driver, top_layer, command, created, state, auto_remove, labels, spec)
       VALUES (?, ?, 'x', ?, 'memory', ?, '', '2024-01-01T00:00:00Z', 'created', 0, '{}', '{}')`,
      id,
      `name-${id}`,
      image,
      topLayer,
    );
  }

  [Symbol.dispose](): void {
    this.store.database.close();
    rmSync(this.root, { recursive: true, force: true });
    rmSync(this.#programs, { recursive: true, force: true });
  }
}

function filesOf(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
