import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { imageOf } from '../../../test/support/broken-images.ts';
import { FaultyRegistry } from '../../../test/support/faulty-registry.ts';
import { layer } from '../../../test/support/image-store.ts';
import { tar } from '../../../test/support/tar.ts';
import type { CheckReport, CheckRequest } from '../../src/api.ts';
import { Engine } from '../../src/engine.ts';
import { findLauncher } from '../../src/launcher/binary.ts';
import { parseVolumeFlag } from '../../src/volume/volume-flag.ts';
import { whyNot as whyNoWorker } from '../tree/harness.ts';

/** Why these tests, which work with the built launcher and drivers, can't run here; undefined when they can. */
export function whyNot(): string | undefined {
  try {
    findLauncher();
  } catch {
    return 'nothing has been built';
  }
  return whyNoWorker();
}

/** A state directory with two images that share a layer, a container and a volume, to be copied for each damage. */
export class Template implements AsyncDisposable {
  readonly root: string;
  readonly registry: FaultyRegistry;

  static async make(): Promise<Template> {
    const base = layer(
      tar([
        { name: 'bin/', type: 'directory' },
        { name: 'bin/sh', body: 'program', mode: 0o755 },
        { name: 'bin/same', type: 'hardlink', linkname: 'bin/sh' },
        { name: 'link', type: 'symlink', linkname: 'bin/sh' },
        { name: 'foreign', body: 'of another', uid: 1_500_000, gid: 1_500_000 },
      ]),
    );
    const file = (name: string) => ({ name, body: name });
    const registry = await FaultyRegistry.start({
      images: { a: imageOf([[file('a')]], [base]), b: imageOf([[file('b')]], [base]) },
    });
    const template = new Template(registry);
    using engine = template.open(template.root);
    await engine.images.pull({ reference: `${registry.host}/a` });
    await engine.images.pull({ reference: `${registry.host}/b` });
    await engine.volumes.create({ name: 'data', labels: {}, options: {} });
    await engine.containers.create({
      image: `${registry.host}/a`,
      name: 'box',
      command: ['sh'],
      network: 'none',
      pull: 'never',
      mounts: [parseVolumeFlag('data:/data', '/')],
    });
    return template;
  }

  private constructor(registry: FaultyRegistry) {
    this.registry = registry;
    this.root = temporaryDirectory();
  }

  open(root: string): Engine {
    return new Engine({ root, env: { ...process.env, REGISTRY_AUTH_FILE: join(root, 'none.json') } });
  }

  copy(): State {
    const root = temporaryDirectory();
    execFileSync('cp', ['-a', `${this.root}/.`, root]);
    return new State(root, this);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    rmSync(this.root, { recursive: true, force: true });
    await this.registry.stop();
  }
}

/** One state directory, to be damaged. */
export class State implements Disposable {
  readonly root: string;
  readonly template: Template;

  constructor(root: string, template: Template) {
    this.root = root;
    this.template = template;
  }

  path(...words: readonly string[]): string {
    return join(this.root, ...words);
  }

  /** The file of a blob of image `a` or `b`, or of the layer that they share. */
  blob(which: 'configuration' | 'manifest' | 'layer' | 'shared', image = 'a'): string {
    const column = { configuration: 'image.id', manifest: 'manifest', layer: 'blob', shared: 'blob' }[which];
    const row = this.row<{ digest: string }>(
      `SELECT ${column} AS digest FROM image JOIN image_layer ON image = id
       WHERE id = (SELECT image FROM image_name WHERE name LIKE '%/${image}:latest') AND position = ${which === 'layer' ? 1 : 0}`,
    );
    return this.path('images/blobs', row.digest.replace(':', '/'));
  }

  /** The directory of the overlay driver that holds a file. */
  tree(file: string): string {
    const overlay = this.path('storage/overlay');
    const found = readdirSync(overlay).find((key) => {
      try {
        return readdirSync(join(overlay, key, 'diff')).includes(file);
      } catch {
        return false;
      }
    });
    return join(overlay, found ?? 'none');
  }

  row<Row>(sql: string): Row {
    using database = this.database();
    return database.prepare(sql).get() as Row;
  }

  sql(sql: string): void {
    using database = this.database();
    database.exec(sql);
  }

  async check(request: CheckRequest = {}): Promise<CheckReport> {
    using engine = this.template.open(this.root);
    return await engine.check({ settleMs: 1, ...request });
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  private database(): DatabaseSync {
    return new DatabaseSync(this.path('wherry.db'), { enableForeignKeyConstraints: false });
  }
}

/** Of the system's own directory for temporary files, where also ids that belong to nobody may pass. */
function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'wherry-check-'));
  chmodSync(path, 0o711);
  return path;
}
