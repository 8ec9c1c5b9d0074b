import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';

/** OCI content descriptor (image-spec, descriptor.md). */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  readonly platform?: Platform;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface Platform {
  readonly architecture: string;
  readonly os: string;
  readonly variant?: string;
}

export type Compression = 'gzip' | 'zstd' | 'none';

/** A layer as it goes over the wire. `diffId` is the digest of the uncompressed tar. */
export interface Layer {
  readonly blob: Buffer;
  readonly diffId: string;
  readonly compression: Compression;
}

/** The `config` object of an image (image-spec, config.md), as far as the fixtures use it. */
export interface ImageConfig {
  readonly User?: string;
  readonly Env?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly WorkingDir?: string;
  readonly Volumes?: Readonly<Record<string, Record<string, never>>>;
  readonly ExposedPorts?: Readonly<Record<string, Record<string, never>>>;
  readonly Labels?: Readonly<Record<string, string>>;
  readonly StopSignal?: string;
}

export interface ImageSpec {
  readonly layers: readonly Layer[];
  readonly config?: ImageConfig;
  readonly platform?: Platform;
  /** The media types of Docker's schema 2 in place of OCI's. */
  readonly docker?: boolean;
}

export const MEDIA_TYPES = {
  oci: {
    index: 'application/vnd.oci.image.index.v1+json',
    manifest: 'application/vnd.oci.image.manifest.v1+json',
    config: 'application/vnd.oci.image.config.v1+json',
    layer: {
      none: 'application/vnd.oci.image.layer.v1.tar',
      gzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
      zstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
    },
  },
  docker: {
    index: 'application/vnd.docker.distribution.manifest.list.v2+json',
    manifest: 'application/vnd.docker.distribution.manifest.v2+json',
    config: 'application/vnd.docker.container.image.v1+json',
    layer: {
      none: 'application/vnd.docker.image.rootfs.diff.tar',
      gzip: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
      zstd: 'application/vnd.docker.image.rootfs.diff.tar.zstd',
    },
  },
} as const;

const AMD64: Platform = { architecture: 'amd64', os: 'linux' };
const REF_NAME = 'org.opencontainers.image.ref.name';
const CREATED = '2023-11-14T22:13:20Z';

export function sha256(data: Buffer | string): string {
  return `sha256:${createHash('sha256').update(data).digest('hex')}`;
}

/** Compresses a tar into a layer. */
export function layer(tar: Buffer, compression: Compression = 'gzip'): Layer {
  const blob = compression === 'gzip' ? gzipSync(tar) : compression === 'zstd' ? zstdCompressSync(tar) : tar;
  return { blob, diffId: sha256(tar), compression };
}

/** Blobs by digest, and the tags of one repository: what an OCI image layout holds, in memory. */
export class ImageStore {
  readonly blobs = new Map<string, Buffer>();
  readonly tags = new Map<string, Descriptor>();

  addBlob(mediaType: string, data: Buffer): Descriptor {
    const digest = sha256(data);
    this.blobs.set(digest, data);
    return { mediaType, digest, size: data.length };
  }

  addJson(mediaType: string, value: unknown): Descriptor {
    return this.addBlob(mediaType, Buffer.from(JSON.stringify(value)));
  }

  /** Adds an image's layers, config and manifest; the descriptor is the manifest's. */
  addImage({ layers, config = {}, platform = AMD64, docker = false }: ImageSpec): Descriptor {
    const types = docker ? MEDIA_TYPES.docker : MEDIA_TYPES.oci;
    const descriptors = layers.map((each) => this.addBlob(types.layer[each.compression], each.blob));
    const configDescriptor = this.addJson(types.config, {
      created: CREATED,
      ...platform,
      config,
      rootfs: { type: 'layers', diff_ids: layers.map((each) => each.diffId) },
      history: layers.map((_, index) => ({ created: CREATED, created_by: `layer ${index + 1}` })),
    });
    const manifest = this.addJson(types.manifest, {
      schemaVersion: 2,
      mediaType: types.manifest,
      config: configDescriptor,
      layers: descriptors,
    });
    return { ...manifest, platform };
  }

  addIndex(manifests: readonly Descriptor[], docker = false): Descriptor {
    const mediaType = (docker ? MEDIA_TYPES.docker : MEDIA_TYPES.oci).index;
    return this.addJson(mediaType, { schemaVersion: 2, mediaType, manifests });
  }

  tag(name: string, descriptor: Descriptor): this {
    this.tags.set(name, descriptor);
    return this;
  }

  blob(digest: string): Buffer {
    const data = this.blobs.get(digest);
    if (data === undefined) throw new Error(`No blob ${digest} in this image store.`);
    return data;
  }

  /** Writes an OCI image layout (image-spec, image-layout.md), whole or not at all. */
  async write(directory: string): Promise<void> {
    const partial = `${directory}.partial`;
    const blobs = path.join(partial, 'blobs', 'sha256');
    await rm(partial, { recursive: true, force: true });
    await mkdir(blobs, { recursive: true });
    for (const [digest, data] of this.blobs) await writeFile(path.join(blobs, hex(digest)), data);
    const manifests = [...this.tags].map(([name, descriptor]) => ({
      ...descriptor,
      annotations: { [REF_NAME]: name },
    }));
    await writeFile(path.join(partial, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }));
    await writeFile(path.join(partial, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
    await rm(directory, { recursive: true, force: true });
    await rename(partial, directory);
  }

  static async read(directory: string): Promise<ImageStore> {
    const store = new ImageStore();
    const blobs = path.join(directory, 'blobs', 'sha256');
    for (const name of await readdir(blobs)) {
      store.blobs.set(`sha256:${name}`, await readFile(path.join(blobs, name)));
    }
    const index: { manifests: Descriptor[] } = JSON.parse(
      await readFile(path.join(directory, 'index.json'), 'utf8'),
    );
    for (const { annotations, ...descriptor } of index.manifests) {
      const name = annotations?.[REF_NAME];
      if (name !== undefined) store.tag(name, descriptor);
    }
    return store;
  }
}

function hex(digest: string): string {
  return digest.slice('sha256:'.length);
}
