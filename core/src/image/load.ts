import type { LoadRequest } from '../api.ts';
import { sha256 } from '../blob/digest.ts';
import { familiarReference, parseReference, withDefaultTag } from '../reference/reference.ts';
import { type ArchivedImage, ArchiveLayout, addReference } from './archive-layout.ts';
import { type ArchiveFiles, layerMediaType, notAnArchive, readArchive } from './archive-reader.ts';
import { assembleImage } from './assemble.ts';
import { json, object, text, texts } from './json.ts';
import { ownPlatform, type Platform, parsePlatform, requirePlatform } from './platform.ts';
import type { PullContext } from './pull.ts';

/**
 * Puts all images of a docker-archive or OCI archive into the store. One that is both is read as OCI, which keeps manifests.
 * @returns what Docker says of each: a line for each name, the id of an image without one
 * @throws WherryError `E_ARCHIVE`, `E_REGISTRY_REPLY`, `E_IMAGE_CONFIG`, `E_DIGEST_MISMATCH`, `E_NO_SPACE`, and those of a damaged layer
 */
export async function loadImages(
  context: PullContext,
  { source, platform, signal, onEvent }: LoadRequest,
): Promise<readonly { readonly id: string; readonly names: readonly string[] }[]> {
  const wanted = platform === undefined ? ownPlatform() : parsePlatform(platform);
  using files = await readArchive(context.store.temporary, source, signal);
  const images = imagesOf(files, wanted);
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

function imagesOf(files: ArchiveFiles, wanted: Platform): readonly ArchivedImage[] {
  const docker = dockerEntries(files.document('manifest.json'));
  const index = files.document('index.json');
  if (index === undefined || files.file('oci-layout') === undefined) {
    if (docker !== undefined) return docker.map((entry) => dockerImage(files, entry));
    throw notAnArchive('it has neither manifest.json nor index.json');
  }
  const layout = new ArchiveLayout(files, wanted);
  const images = layout.images(index);
  return docker === undefined ? images : withDocker(files, layout, images, docker);
}

/**
 * Docker's own names are in manifest.json, where an OCI index has only tags. What the index lacks is there, too: Docker leaves
 * images out of it that were saved by digest, and 25.0 wrote manifests without layers.
 */
function withDocker(
  files: ArchiveFiles,
  layout: ArchiveLayout,
  images: readonly ArchivedImage[],
  entries: readonly DockerEntry[],
): readonly ArchivedImage[] {
  const all = [...images];
  for (const entry of entries) {
    const id = /^(?:blobs\/sha256\/)?([0-9a-f]{64})(?:\.json)?$/.exec(entry.config)?.[1];
    const at = all.findIndex((each) => sha256(each.config) === `sha256:${id}`);
    const image = all[at];
    if (image === undefined) {
      // Another platform's than the one that was chosen.
      if (!layout.passedOver.has(`sha256:${id}`)) all.push(dockerImage(files, entry));
      continue;
    }
    if (image.layers.length !== entry.layers.length) {
      all[at] = { ...dockerImage(files, entry), references: image.references };
    }
    for (const tag of entry.tags) addReference(image.references, withDefaultTag(parseReference(tag)));
  }
  return all;
}

function dockerImage(files: ArchiveFiles, { config, layers, tags }: DockerEntry): ArchivedImage {
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
}

interface DockerEntry {
  readonly config: string;
  readonly layers: readonly string[];
  readonly tags: readonly string[];
}

function dockerEntries(data: Buffer | undefined): readonly DockerEntry[] | undefined {
  if (data === undefined) return undefined;
  const list = json('manifest.json', data);
  if (!Array.isArray(list)) throw notAnArchive('its manifest.json is no list');
  return list.map(object).map(({ Config, Layers, RepoTags }) => ({
    config: text(Config),
    layers: texts(Layers),
    tags: texts(RepoTags),
  }));
}
