import { WherryError } from '../errors/error.ts';
import { familiarReference, parseReference, type Reference, withDefaultTag } from '../reference/reference.ts';
import { type ArchiveFiles, notAnArchive } from './archive-reader.ts';
import type { BlobFile } from './blob-file.ts';
import { isAttestation } from './index-choice.ts';
import { type Json, json, object, text } from './json.ts';
import {
  ATTESTATION,
  type Descriptor,
  type ManifestDocument,
  parseManifest,
  REFERENCE_TYPE,
} from './manifest.ts';
import { type Platform, selectPlatform } from './platform.ts';

/** Indexes within indexes are followed this far. */
const MAX_DEPTH = 8;
const MAX_BYTES = 256 << 20;

/** An image of an archive, its parts found. */
export interface ArchivedImage {
  readonly config: Buffer;
  readonly manifest: { readonly mediaType: string; readonly data: Buffer } | undefined;
  readonly layers: readonly Descriptor[];
  readonly files: readonly BlobFile[];
  readonly references: Reference[];
}

interface Found {
  readonly document: ManifestDocument;
  readonly data: Buffer;
}

interface Readable {
  readonly found: readonly (Descriptor & { readonly found: Found })[];
  /** Why the first of the others is none. */
  readonly refused: WherryError | undefined;
}

/** The images of an OCI image layout in an archive, of those for several platforms the one for the wanted one. */
export class ArchiveLayout {
  readonly #files: ArchiveFiles;
  readonly #wanted: Platform;
  /** Of manifests and configurations, which stay in memory. */
  #bytes = 0;
  /** An index may name the same thing many times. */
  readonly #known = new Map<string, Found>();
  /** Configurations of images that belong to an index, and weren't chosen. */
  readonly passedOver = new Set<string>();

  constructor(files: ArchiveFiles, wanted: Platform) {
    this.#files = files;
    this.#wanted = wanted;
  }

  /** @param index `index.json`; Docker 25.0 writes one without a list for an image that was saved by digest */
  images(index: Buffer): readonly ArchivedImage[] {
    const { manifests } = object(json('index.json', index));
    const byDigest = new Map<string, ArchivedImage>();
    for (const entry of Array.isArray(manifests) ? manifests.map(object) : []) {
      if (saysOfAnother(entry)) continue;
      const digest = text(entry.digest);
      const image = byDigest.get(digest) ?? this.#image(digest, text(entry.mediaType));
      byDigest.set(digest, image);
      const reference = annotatedName(object(entry.annotations));
      if (reference !== undefined) addReference(image.references, reference);
    }
    return [...byDigest.values()];
  }

  #image(digest: string, mediaType: string): ArchivedImage {
    const { document, data } = this.#manifest(digest, mediaType, MAX_DEPTH);
    return {
      config: this.#document(document.config.digest),
      manifest: { mediaType: document.mediaType, data },
      layers: document.layers,
      files: document.layers.map((layer) => this.#blob(layer.digest)),
      references: [],
    };
  }

  /** Of an index, the manifest for the platform; one whose image is here as a whole comes before one whose isn't. */
  #manifest(digest: string, mediaType: string, depth: number): Found {
    const known = this.#known.get(digest);
    if (known !== undefined) return known;
    const found = this.#find(digest, mediaType, depth);
    this.#known.set(digest, found);
    return found;
  }

  #find(digest: string, mediaType: string, depth: number): Found {
    const data = this.#document(digest);
    const document = parseManifest('the archive', data, mediaType);
    if (document.kind === 'manifest') return { document, data };
    if (depth === 0) throw notAnArchive(`its index ${digest} holds indexes in more than ${MAX_DEPTH} levels`);
    const { found, refused } = this.#readable(document.manifests, depth - 1);
    const whole = found.filter(({ found: { document } }) =>
      [document.config, ...document.layers].every((each) => this.#has(each.digest)),
    );
    const chosen = this.#choose(whole) ?? this.#choose(found);
    if (chosen === undefined) throw refused ?? notAnArchive(`it lacks the images of the index ${digest}`);
    for (const each of found) if (each !== chosen) this.passedOver.add(each.found.document.config.digest);
    return chosen.found;
  }

  /** What an index names of what is here; no artifacts of other kinds that may stand beside the images. */
  #readable(manifests: readonly Descriptor[], depth: number): Readable {
    const found: (Descriptor & { readonly found: Found })[] = [];
    let refused: WherryError | undefined;
    for (const each of manifests) {
      if (isAttestation(each) || !this.#has(each.digest)) continue;
      try {
        found.push({ ...each, found: this.#manifest(each.digest, each.mediaType, depth) });
      } catch (error) {
        if (!(error instanceof WherryError) || error.code !== 'E_MANIFEST_UNSUPPORTED') throw error;
        refused ??= error;
      }
    }
    return { found, refused };
  }

  /** The best for the platform, else whatever there is. */
  #choose<Item extends Descriptor>(items: readonly Item[]): Item | undefined {
    return selectPlatform(this.#wanted, items, ({ platform }) => platform, false) ?? items[0];
  }

  #has(digest: string): boolean {
    return this.#files.file(blobName(digest)) !== undefined;
  }

  #blob(digest: string): BlobFile {
    const file = this.#files.file(blobName(digest));
    if (file === undefined) throw notAnArchive(`it lacks the blob ${digest}`);
    if (file.digest !== digest) {
      throw new WherryError(
        `The digest of blob ${digest} of the archive is wrong: its content has ${file.digest}.`,
        { code: 'E_DIGEST_MISMATCH', hint: 'The archive is damaged; make it again.', exitCode: 1 },
      );
    }
    return file;
  }

  #document(digest: string): Buffer {
    this.#bytes += this.#blob(digest).size;
    if (this.#bytes > MAX_BYTES) throw notAnArchive('its manifests and configurations exceed 256 MiB');
    return this.#files.document(blobName(digest)) ?? Buffer.alloc(0);
  }
}

/** Whether an entry of index.json is what BuildKit says of an image, and none itself. */
function saysOfAnother({ platform, annotations }: Json): boolean {
  const { os, architecture } = object(platform);
  return isAttestation({
    platform: { os: text(os), architecture: text(architecture) },
    attestation: object(annotations)[REFERENCE_TYPE] === ATTESTATION,
  });
}

export function addReference(references: Reference[], added: Reference): void {
  const name = familiarReference(added);
  if (!references.some((each) => familiarReference(each) === name)) references.push(added);
}

/** Docker's and containerd's annotation says the name in full; Podman puts the name where others put a tag alone. */
function annotatedName(annotations: Json): Reference | undefined {
  const full = text(annotations['io.containerd.image.name']);
  const ref = text(annotations['org.opencontainers.image.ref.name']);
  const name = full === '' && /[:/]/.test(ref) ? ref : full;
  return name === '' ? undefined : withDefaultTag(parseReference(name));
}

function blobName(digest: string): string {
  return `blobs/${digest.replace(':', '/')}`;
}
