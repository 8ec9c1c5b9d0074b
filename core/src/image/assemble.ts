import type { PullEvent } from '../api.ts';
import { sha256 } from '../blob/digest.ts';
import type { Reference } from '../reference/reference.ts';
import { MANIFEST_TYPES } from '../registry/media-type.ts';
import { Lease } from '../store/lease.ts';
import { chainIds, parseConfig } from './config.ts';
import { isDropped } from './dropped-blobs.ts';
import type { Descriptor } from './manifest.ts';
import type { PullContext } from './pull.ts';
import { pullLayers } from './pull-layers.ts';
import { ImageTable } from './table.ts';

const CONFIG_TYPE = 'application/vnd.oci.image.config.v1+json';

export interface AssembleRequest {
  /** Names the image in messages. */
  readonly name: string;
  /** The configuration, byte for byte. */
  readonly config: Uint8Array;
  /** From the bottom up; their blobs are in the store, or in a file that `bring` makes one. */
  readonly layers: readonly Descriptor[];
  /** The manifest as it came, byte for byte; made when there is none. */
  readonly manifest?: { readonly mediaType: string; readonly data: Uint8Array } | undefined;
  /** Names it gets; those that other images have go over to it. */
  readonly references: readonly Reference[];
  /** Puts the blobs into the store, once they are held. */
  readonly bring?: () => void;
  readonly emit?: (event: PullEvent) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Puts an image whose parts are at hand into the store, its layers unpacked and verified.
 * @returns its id
 * @throws WherryError `E_IMAGE_CONFIG`, `E_DIGEST_MISMATCH`, `E_NO_SPACE`, and those of a damaged layer
 */
export async function assembleImage(context: PullContext, request: AssembleRequest): Promise<string> {
  const { name, config, layers, references, signal, bring, emit = () => undefined } = request;
  const { store, blobs, layers: layerStore } = context;
  const document = parseConfig(name, Buffer.from(config).toString('utf8'), layers.length);
  const id = sha256(config);
  const manifest = request.manifest ?? makeManifest(id, config.length, layers);
  const descriptor = {
    digest: sha256(manifest.data),
    mediaType: manifest.mediaType,
    size: manifest.data.length,
  };
  const chain = chainIds(document.diffIds);
  const plan = layers.map(({ digest, mediaType, size }, index) => ({
    chainId: chain[index] ?? '',
    diffId: document.diffIds[index] ?? '',
    blob: digest,
    mediaType,
    size,
  }));
  using lease = new Lease(store.database);
  lease.hold('blob', [id, descriptor.digest, ...layers.map(({ digest }) => digest)]);
  lease.hold('layer', chain);
  bring?.();
  const size = await pullLayers({
    layers: plan,
    blobs,
    store: layerStore,
    lease,
    download: ({ blob }) => {
      throw new Error(`The blob ${blob} of ${name} has not been brought.`);
    },
    dropped: (blob) => isDropped(store.database, blob),
    signal,
    emit,
  });
  await blobs.write(id, config);
  await blobs.write(descriptor.digest, manifest.data);
  await blobs.syncNames();
  const { platform, created } = document;
  new ImageTable(store.database).putNamed(
    { id, manifest: descriptor, platform, created, config: document.config, layers: plan, size },
    references,
  );
  return id;
}

function makeManifest(
  id: string,
  size: number,
  layers: readonly Descriptor[],
): { readonly mediaType: string; readonly data: Uint8Array } {
  const mediaType = MANIFEST_TYPES.ociManifest;
  const document = {
    schemaVersion: 2,
    mediaType,
    config: { mediaType: CONFIG_TYPE, digest: id, size },
    layers: layers.map((layer) => ({ mediaType: layer.mediaType, digest: layer.digest, size: layer.size })),
  };
  return { mediaType, data: Buffer.from(JSON.stringify(document)) };
}
