import type { BlobStore } from '../blob/blob-store.ts';
import { WherryError } from '../errors/error.ts';
import { endOfArchive, formatHeader, padding } from '../layer/tar-writer.ts';
import { familiarReference, fullName, parseReference } from '../reference/reference.ts';
import { findImage } from './find.ts';
import { parseManifest } from './manifest.ts';
import { type ImageRow, type ImageTable, type NameRow, platformOf } from './table.ts';

interface Chosen {
  readonly image: ImageRow;
  /** Full names with tags. */
  readonly tags: Set<string>;
}

/**
 * Images as one tar archive that is both an OCI image layout and a docker-archive (`manifest.json`), as Docker 25 and later write
 * it. Blobs are in it as they are in the store, so that every digest stays. The same images give the same bytes.
 * @throws WherryError `E_IMAGE_NOT_FOUND`, `E_IMAGE_AMBIGUOUS`, `E_IMAGE_INCOMPLETE`
 */
export async function* saveImages(
  table: ImageTable,
  blobs: BlobStore,
  references: readonly string[],
): AsyncGenerator<Uint8Array> {
  const chosen = choose(table, references);
  const digests = new Set<string>();
  const index: object[] = [];
  const manifests: object[] = [];
  for (const { image, tags } of chosen.values()) {
    const text = blobs.readText(image.manifest);
    if (text === undefined) throw incomplete(image.id, image.manifest);
    const manifest = parseManifest(image.id, Buffer.from(text), image.media_type);
    if (manifest.kind !== 'manifest') throw incomplete(image.id, image.manifest);
    const parts = [image.manifest, image.id, ...manifest.layers.map(({ digest }) => digest)];
    for (const digest of parts) {
      if (blobs.size(digest) === 0) throw incomplete(image.id, digest);
      digests.add(digest);
    }
    index.push(...indexEntries(image, tags));
    manifests.push({
      Config: member(image.id),
      // Docker's form of an image without a name.
      RepoTags: tags.size === 0 ? null : [...tags].map((name) => familiarReference(parseReference(name))),
      Layers: manifest.layers.map(({ digest }) => member(digest)),
    });
  }
  yield directory('blobs');
  for (const algorithm of new Set([...digests].map((digest) => digest.split(':', 1)[0]))) {
    yield directory(`blobs/${algorithm}`);
  }
  for (const digest of [...digests].sort()) {
    const size = blobs.size(digest);
    yield header(member(digest), size);
    yield* blobs.read(digest);
    yield padding(size);
  }
  const layout = {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: index,
  };
  yield* file('index.json', JSON.stringify(layout));
  yield* file('manifest.json', JSON.stringify(manifests));
  yield* file('oci-layout', '{"imageLayoutVersion":"1.0.0"}');
  yield endOfArchive();
}

/** Ids of the images that an archive of these names holds. @throws WherryError `E_IMAGE_NOT_FOUND`, `E_IMAGE_AMBIGUOUS` */
export function chosenImages(table: ImageTable, references: readonly string[]): readonly string[] {
  return [...choose(table, references).keys()];
}

/** A name without tag stands for all of its repository's; an id brings no name along. */
function choose(table: ImageTable, references: readonly string[]): ReadonlyMap<string, Chosen> {
  const chosen = new Map<string, Chosen>();
  const add = (image: ImageRow, names: readonly NameRow[]) => {
    const entry = chosen.get(image.id) ?? { image, tags: new Set() };
    chosen.set(image.id, entry);
    for (const { name, tag } of names) if (tag !== null) entry.tags.add(name);
  };
  for (const text of references) {
    const repository = tagsOf(table, text);
    for (const name of repository) {
      const image = table.row(name.image);
      if (image !== undefined) add(image, [name]);
    }
    if (repository.length > 0) continue;
    const { image, name } = findImage(table, text);
    add(image, name === undefined ? [] : [name]);
  }
  return chosen;
}

function tagsOf(table: ImageTable, text: string): readonly NameRow[] {
  if (/^(sha256:[0-9a-f]+|[0-9a-f]{64})$/.test(text)) return [];
  const reference = parseReference(text);
  if (reference.tag !== undefined || reference.digest !== undefined) return [];
  const repository = fullName(reference);
  return table.names().filter((name) => name.repository === repository && name.tag !== null);
}

function indexEntries(image: ImageRow, tags: ReadonlySet<string>): object[] {
  const descriptor = {
    mediaType: image.media_type,
    digest: image.manifest,
    size: image.manifest_size,
  };
  const platform = platformOf(image);
  if (tags.size === 0) return [{ ...descriptor, platform }];
  return [...tags].map((name) => ({
    ...descriptor,
    annotations: {
      'io.containerd.image.name': name,
      'org.opencontainers.image.ref.name': parseReference(name).tag ?? '',
    },
    platform,
  }));
}

function member(digest: string): string {
  return `blobs/${digest.replace(':', '/')}`;
}

const COMMON = {
  linkname: '',
  uid: 0,
  gid: 0,
  mtime: { seconds: 0, nanoseconds: 0 },
  device: [0, 0],
  xattrs: undefined,
} as const;

function directory(name: string): Buffer {
  return formatHeader({ ...COMMON, type: 'directory', name, mode: 0o755, size: 0 });
}

function header(name: string, size: number): Buffer {
  return formatHeader({ ...COMMON, type: 'file', name, mode: 0o644, size });
}

function* file(name: string, text: string): Generator<Buffer> {
  const data = Buffer.from(text);
  yield header(name, data.length);
  yield data;
  yield padding(data.length);
}

function incomplete(id: string, digest: string): WherryError {
  return new WherryError(`The image ${id} is not complete: blob ${digest} is missing.`, {
    code: 'E_IMAGE_INCOMPLETE',
    hint: 'Pull it again.',
  });
}
