import type { ImageConfig } from '../api.ts';
import { type LayoutEntry, touchLayout } from '../blob/layout.ts';
import {
  familiarReference,
  formatReference,
  fullName,
  parseReference,
  type Reference,
} from '../reference/reference.ts';
import type { Database } from '../store/database.ts';
import type { Platform } from './platform.ts';

/** A layer of an image: what it is unpacked to, and from. */
export interface ImageLayer {
  readonly chainId: string;
  readonly diffId: string;
  readonly blob: string;
  readonly mediaType: string;
  /** Bytes of the blob. */
  readonly size: number;
}

export interface ImageRecord {
  readonly id: string;
  readonly manifest: { readonly digest: string; readonly mediaType: string; readonly size: number };
  readonly platform: Platform;
  readonly created: string;
  readonly config: ImageConfig;
  readonly layers: readonly ImageLayer[];
  /** Bytes of the unpacked layers. */
  readonly size: number;
}

/** An image as a name refers to it. */
export interface NameRow {
  readonly name: string;
  readonly repository: string;
  readonly tag: string | null;
  readonly digest: string;
  readonly image: string;
}

export interface ImageRow {
  readonly id: string;
  readonly manifest: string;
  readonly media_type: string;
  readonly manifest_size: number;
  readonly os: string;
  readonly architecture: string;
  readonly variant: string | null;
  readonly created: string;
  readonly config: string;
  readonly chain: string;
  readonly size: number;
  readonly parent: string | null;
  readonly last_tag: string | null;
}

/** Images and their names in the database. */
export class ImageTable {
  readonly #database: Database;
  readonly #search: () => readonly string[];

  /** @param search registries that a name without one is looked for in, asked for with the first such name */
  constructor(database: Database, search: () => readonly string[] = () => []) {
    this.#database = database;
    this.#search = search;
  }

  /** The registries that a name without one is looked for in. */
  get search(): readonly string[] {
    return this.#search();
  }

  /**
   * Adds an image, or leaves the one of this id, and has names point to it: the reference, and, as Docker keeps it, the repository
   * with the digest that it was pulled by.
   */
  put(image: ImageRecord, reference: Reference, digest: string): void {
    this.#database.transaction(() => {
      if (this.row(image.id) === undefined) this.#insert(image);
      this.#name(reference, digest, image.id);
      this.#name({ domain: reference.domain, path: reference.path, digest }, digest, image.id);
      touchLayout(this.#database);
    });
  }

  /** Adds an image that came from no registry, or leaves the one of this id, and has the names point to it. */
  putNamed(image: ImageRecord, references: readonly Reference[]): void {
    this.#database.transaction(() => {
      if (this.row(image.id) === undefined) this.#insert(image);
      const { manifest } = this.row(image.id) ?? { manifest: image.manifest.digest };
      for (const reference of references) this.#name(reference, manifest, image.id);
      touchLayout(this.#database);
    });
  }

  /** Writes an image's record anew; its names stay. */
  replace(image: ImageRecord): void {
    this.#database.transaction(() => {
      const known = this.row(image.id);
      this.#database.exec('PRAGMA defer_foreign_keys = ON');
      this.#database.run('DELETE FROM image WHERE id = ?', image.id);
      this.#insert(image);
      this.#database.run(
        'UPDATE image SET parent = ?, last_tag = ? WHERE id = ?',
        known?.parent ?? null,
        known?.last_tag ?? null,
        image.id,
      );
      touchLayout(this.#database);
    });
  }

  /** Has a name with a tag point to an image that is there. @param digest of the manifest or index it stands for */
  tag(reference: Reference, digest: string, image: string): void {
    this.#database.transaction(() => {
      this.#name(reference, digest, image);
      touchLayout(this.#database);
    });
  }

  /** Notes that an image was given a name by hand. @param time RFC 3339 */
  noteTagged(id: string, time: string): void {
    this.#database.run('UPDATE image SET last_tag = ? WHERE id = ?', time, id);
  }

  /** Notes what an image was made of here. */
  noteParent(id: string, parent: string): void {
    if (id !== parent) this.#database.run('UPDATE image SET parent = ? WHERE id = ?', parent, id);
  }

  /** The image that one was made of here; undefined when there is none any more. */
  parentOf(id: string): ImageRow | undefined {
    const parent = this.row(id)?.parent;
    return parent == null ? undefined : this.row(parent);
  }

  hasChildren(id: string): boolean {
    return this.#database.get('SELECT 1 FROM image WHERE parent = ? LIMIT 1', id) !== undefined;
  }

  row(id: string): ImageRow | undefined {
    return this.#database.get<ImageRow>('SELECT * FROM image WHERE id = ?', id);
  }

  rows(): readonly ImageRow[] {
    return this.#database.all<ImageRow>('SELECT * FROM image ORDER BY created DESC, id');
  }

  byName(reference: Reference): NameRow | undefined {
    return this.#database.get<NameRow>('SELECT * FROM image_name WHERE name = ?', formatReference(reference));
  }

  /** Ids that begin so. @param prefix hexadecimal digits */
  idsByPrefix(prefix: string): readonly string[] {
    return this.#database
      .all<{ id: string }>('SELECT id FROM image WHERE id GLOB ?', `sha256:${prefix}*`)
      .map(({ id }) => id);
  }

  /** The image that was pulled by the digest of a manifest or an index. */
  idByDigest(digest: string): string | undefined {
    const name = this.#database.get<{ image: string }>(
      'SELECT image FROM image_name WHERE digest = ?',
      digest,
    );
    return (
      name?.image ?? this.#database.get<{ id: string }>('SELECT id FROM image WHERE manifest = ?', digest)?.id
    );
  }

  names(): readonly NameRow[] {
    return this.#database.all<NameRow>('SELECT * FROM image_name ORDER BY name');
  }

  namesOf(id: string): readonly NameRow[] {
    return this.#database.all<NameRow>('SELECT * FROM image_name WHERE image = ? ORDER BY name', id);
  }

  layersOf(id: string): readonly ImageLayer[] {
    return this.#database
      .all<{ chain_id: string; diff_id: string; blob: string; media_type: string; size: number }>(
        'SELECT * FROM image_layer WHERE image = ? ORDER BY position',
        id,
      )
      .map((row) => ({
        chainId: row.chain_id,
        diffId: row.diff_id,
        blob: row.blob,
        mediaType: row.media_type,
        size: row.size,
      }));
  }

  /** The storage drivers that have unpacked an image as a whole. */
  driversOf(id: string): readonly string[] {
    return this.#database
      .all<{ driver: string }>(
        `SELECT driver FROM layer JOIN image_layer USING (chain_id) WHERE image = ?1 GROUP BY driver
         HAVING COUNT(*) = (SELECT COUNT(*) FROM image_layer WHERE image = ?1) ORDER BY driver`,
        id,
      )
      .map(({ driver }) => driver);
  }

  untag(name: string): void {
    this.#database.run('DELETE FROM image_name WHERE name = ?', name);
    touchLayout(this.#database);
  }

  /** Deletes an image with all its names. */
  delete(id: string): void {
    this.#database.transaction(() => {
      this.#database.run('DELETE FROM image_name WHERE image = ?', id);
      this.#database.run('DELETE FROM image WHERE id = ?', id);
      touchLayout(this.#database);
    });
  }

  /** What index.json lists: an entry for each tag, and one for each image that has none. */
  layoutEntries(): readonly LayoutEntry[] {
    return this.rows().flatMap((row) => {
      const tags = this.namesOf(row.id).filter(({ tag }) => tag !== null);
      const annotations = tags.map(({ name }) => ({
        'org.opencontainers.image.ref.name': familiarReference(parseReference(name)),
        'io.containerd.image.name': name,
      }));
      return (annotations.length === 0 ? [{}] : annotations).map((each) => ({
        mediaType: row.media_type,
        digest: row.manifest,
        size: row.manifest_size,
        platform: platformOf(row),
        annotations: each,
      }));
    });
  }

  #insert({ id, manifest, platform, created, config, layers, size }: ImageRecord): void {
    this.#database.run(
      `INSERT INTO image
         (id, manifest, media_type, manifest_size, os, architecture, variant, created, config, chain, size)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      id,
      manifest.digest,
      manifest.mediaType,
      manifest.size,
      platform.os,
      platform.architecture,
      platform.variant ?? null,
      created,
      JSON.stringify(config),
      JSON.stringify(layers.map(({ chainId }) => chainId)),
      size,
    );
    for (const [position, layer] of layers.entries()) {
      this.#database.run(
        'INSERT INTO image_layer VALUES (?, ?, ?, ?, ?, ?, ?)',
        id,
        position,
        layer.chainId,
        layer.diffId,
        layer.blob,
        layer.mediaType,
        layer.size,
      );
    }
  }

  #name(reference: Reference, digest: string, image: string): void {
    this.#database.run(
      'INSERT OR REPLACE INTO image_name VALUES (?, ?, ?, ?, ?)',
      formatReference(reference),
      fullName(reference),
      reference.tag ?? null,
      digest,
      image,
    );
  }
}

export function platformOf({ os, architecture, variant }: ImageRow): Platform {
  return { os, architecture, ...(variant === null ? {} : { variant }) };
}
