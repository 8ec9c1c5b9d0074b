import type { LoadRequest } from '../api.ts';
import { sha256 } from '../blob/digest.ts';
import { WherryError } from '../errors/error.ts';
import { familiarReference, parseReference, type Reference, withDefaultTag } from '../reference/reference.ts';
import { type ArchiveFiles, layerMediaType, notAnArchive, readArchive } from './archive-reader.ts';
import { assembleImage } from './assemble.ts';
import type { BlobFile } from './blob-file.ts';
import { type Descriptor, parseManifest } from './manifest.ts';
import { ownPlatform, type Platform, parsePlatform, requirePlatform, selectPlatform } from './platform.ts';
import type { PullContext } from './pull.ts';

/** An image of an archive, its parts found. */
interface ArchivedImage {
  readonly config: Buffer;
  readonly manifest: { readonly mediaType: string; readonly data: Buffer } | undefined;
  readonly layers: readonly Descriptor[];
  readonly files: readonly BlobFile[];
  readonly references: Reference[];
}

/**
 * Puts all images of a docker-archive or OCI archive into the store. One that is both is read as OCI, which keeps manifests.
 * @returns what Docker says of each: a line for each name, the id of an image without one
 * @throws WherryError `E_ARCHIVE`, `E_REGISTRY_REPLY`, `E_IMAGE_CONFIG`, `E_DIGEST_MISMATCH`, `E_NO_SPACE`, and those of a damaged layer
 */
export async function loadImages(
  context: PullContext,
  { source, platform, signal, onEvent }: LoadRequest,
): Promise<readonly { readonly id: string; readonly names: readonly string[] }[]> {
  using files = await readArchive(context.store.temporary, source, signal);
  const images = imagesOf(files, platform);
  if (images.length === 0) throw notAnArchive('there is no image in it');
  const loaded: { id: string; names: string[] }[] = [];
  for (const image of images) {
    const names = image.references.map(familiarReference);
    if (platform !== undefined) requirePlatform(platform, names[0] ?? 'the archive', configPlatform(image));
    const id = await assembleImage(context, {
      ...image,
      name: names[0] ?? 'the archive',
      signal,
      bring: () => {
        for (const file of image.files) {
          const descriptor = { digest: file.digest, size: file.size };
          // Images of one archive share layers: the first one has made the file a blob.
          if (!context.blobs.has(descriptor)) file.keep(context.blobs);
        }
      },
      ...(onEvent && { emit: onEvent }),
    });
    loaded.push({ id, names });
  }
  return loaded;
}

function configPlatform({ config }: ArchivedImage): Platform {
  const { os, architecture, variant } = object(json('configuration', config));
  return {
    os: text(os) || 'linux',
    architecture: text(architecture),
    ...(text(variant) === '' ? {} : { variant: text(variant) }),
  };
}

function imagesOf(files: ArchiveFiles, platform: string | undefined): readonly ArchivedImage[] {
  const docker = files.document('manifest.json');
  const index = files.document('index.json');
  if (index === undefined || files.file('oci-layout') === undefined) {
    if (docker !== undefined) return dockerImages(files, docker);
    throw notAnArchive('it has neither manifest.json nor index.json');
  }
  const wanted = platform === undefined ? ownPlatform() : parsePlatform(platform);
  const images = ociImages(files, index, wanted);
  if (docker !== undefined) addDockerNames(images, docker);
  return images;
}

function ociImages(files: ArchiveFiles, index: Buffer, platform: Platform): readonly ArchivedImage[] {
  const { manifests } = object(json('index.json', index));
  const byDigest = new Map<string, ArchivedImage>();
  for (const entry of Array.isArray(manifests) ? manifests.map(object) : []) {
    const digest = text(entry.digest);
    const image = byDigest.get(digest) ?? ociImage(files, digest, text(entry.mediaType), platform);
    byDigest.set(digest, image);
    const reference = annotatedName(object(entry.annotations));
    if (reference !== undefined) addReference(image.references, reference);
  }
  return [...byDigest.values()];
}

/** Of an index within, the image for a platform. */
function ociImage(files: ArchiveFiles, digest: string, mediaType: string, wanted: Platform): ArchivedImage {
  const data = blobDocument(files, digest);
  const document = parseManifest('the archive', data, mediaType);
  if (document.kind === 'index') {
    const present = document.manifests.filter((each) => files.file(blobName(each.digest)) !== undefined);
    const chosen = selectPlatform(wanted, present, ({ platform }) => platform, false) ?? present[0];
    if (chosen === undefined) throw notAnArchive(`it lacks the images of the index ${digest}`);
    return ociImage(files, chosen.digest, chosen.mediaType, wanted);
  }
  return {
    config: blobDocument(files, document.config.digest),
    manifest: { mediaType: document.mediaType, data },
    layers: document.layers,
    files: document.layers.map((layer) => blob(files, layer.digest)),
    references: [],
  };
}

function dockerImages(files: ArchiveFiles, manifest: Buffer): readonly ArchivedImage[] {
  return dockerEntries(manifest).map(({ config, layers, tags }) => {
    const data = files.document(config);
    if (data === undefined) throw notAnArchive(`it lacks ${config}, which its manifest.json names`);
    const blobs = layers.map((name) => {
      const file = files.file(name);
      if (file === undefined) throw notAnArchive(`it lacks the layer ${name}, which its manifest.json names`);
      return file;
    });
    return {
      config: data,
      manifest: undefined,
      layers: blobs.map((file) => ({
        mediaType: layerMediaType(file.path),
        digest: file.digest,
        size: file.size,
      })),
      files: blobs,
      references: tags.map((tag) => withDefaultTag(parseReference(tag))),
    };
  });
}

/** Docker's own names are in manifest.json, where an OCI index has only tags. */
function addDockerNames(images: readonly ArchivedImage[], manifest: Buffer): void {
  for (const { config, tags } of dockerEntries(manifest)) {
    const digest = /^(?:blobs\/sha256\/)?([0-9a-f]{64})(?:\.json)?$/.exec(config)?.[1];
    const image = images.find((each) => sha256(each.config) === `sha256:${digest}`);
    for (const tag of tags)
      if (image !== undefined) addReference(image.references, withDefaultTag(parseReference(tag)));
  }
}

function dockerEntries(data: Buffer): readonly {
  readonly config: string;
  readonly layers: readonly string[];
  readonly tags: readonly string[];
}[] {
  const list = json('manifest.json', data);
  if (!Array.isArray(list)) throw notAnArchive('its manifest.json is no list');
  return list.map(object).map(({ Config, Layers, RepoTags }) => ({
    config: text(Config),
    layers: texts(Layers),
    tags: texts(RepoTags),
  }));
}

/** Docker's and containerd's annotation says the name in full; Podman puts the name where others put a tag alone. */
function annotatedName(annotations: Json): Reference | undefined {
  const full = text(annotations['io.containerd.image.name']);
  const ref = text(annotations['org.opencontainers.image.ref.name']);
  const name = full === '' && /[:/]/.test(ref) ? ref : full;
  return name === '' ? undefined : withDefaultTag(parseReference(name));
}

function addReference(references: Reference[], added: Reference): void {
  const name = familiarReference(added);
  if (!references.some((each) => familiarReference(each) === name)) references.push(added);
}

function blobName(digest: string): string {
  return `blobs/${digest.replace(':', '/')}`;
}

function blob(files: ArchiveFiles, digest: string): BlobFile {
  const file = files.file(blobName(digest));
  if (file === undefined) throw notAnArchive(`it lacks the blob ${digest}`);
  if (file.digest !== digest) {
    throw new WherryError(
      `The digest of blob ${digest} of the archive is wrong: its content has ${file.digest}.`,
      { code: 'E_DIGEST_MISMATCH', hint: 'The archive is damaged; make it again.', exitCode: 1 },
    );
  }
  return file;
}

function blobDocument(files: ArchiveFiles, digest: string): Buffer {
  blob(files, digest);
  return files.document(blobName(digest)) ?? Buffer.alloc(0);
}

type Json = Readonly<Record<string, unknown>>;

function json(name: string, data: Buffer): unknown {
  try {
    return JSON.parse(data.toString('utf8'));
  } catch (cause) {
    throw notAnArchive(`its ${name} is not JSON`, cause);
  }
}

function object(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}
