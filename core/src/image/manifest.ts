import { isDigest } from '../blob/digest.ts';
import { WherryError } from '../errors/error.ts';
import { MANIFEST_TYPES, SCHEMA1_TYPES } from '../registry/media-type.ts';
import type { Platform } from './platform.ts';

/** OCI image specification, "Descriptor". */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  readonly platform?: Platform;
  /** Where a layer is to be had that registries may not spread. */
  readonly urls?: readonly string[];
  /** Says of another image how it was made. */
  readonly attestation?: boolean;
}

export interface IndexDocument {
  readonly kind: 'index';
  readonly manifests: readonly Descriptor[];
}
export interface ManifestDocument {
  readonly kind: 'manifest';
  readonly mediaType: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

/** BuildKit's annotation of what is in an index beside images. */
export const REFERENCE_TYPE = 'vnd.docker.reference.type';
export const ATTESTATION = 'attestation-manifest';

/** An image has at most this many layers; the kernel's overlay takes 500. */
const MAX_LAYERS = 500;

const INDEXES: readonly string[] = [MANIFEST_TYPES.ociIndex, MANIFEST_TYPES.dockerList];
const MANIFESTS: readonly string[] = [MANIFEST_TYPES.ociManifest, MANIFEST_TYPES.dockerManifest];

/** Layers that a storage driver can be given: OCI's and Docker's tars, foreign ones too. */
const LAYER_TYPE =
  /^application\/vnd\.(oci\.image\.layer\.(nondistributable\.)?v1\.tar(\+(gzip|zstd))?|docker\.image\.rootfs\.(foreign\.)?diff\.tar(\.(gzip|zstd))?)$/;
const CONFIG_TYPES: readonly string[] = [
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
  // Early builders of OCI images.
  'application/octet-stream',
];

/**
 * Parses what a registry sent as a manifest. The document's own media type counts before the one it was sent with.
 * @param name of the image, for messages
 * @throws WherryError `E_MANIFEST_UNSUPPORTED`, `E_REGISTRY_REPLY`
 */
export function parseManifest(
  name: string,
  data: Uint8Array,
  sentAs: string,
): IndexDocument | ManifestDocument {
  const document = parseJson(name, data);
  const mediaType =
    typeof document.mediaType === 'string' ? document.mediaType : impliedType(document, sentAs);
  if (document.schemaVersion === 1 || SCHEMA1_TYPES.some((type) => type === mediaType)) {
    throw unsupported(
      name,
      'is in Docker image format v1 (manifest schema 1), which is no longer supported',
      'Have it pushed again by a current version of Docker, Podman or skopeo, which write schema 2 or OCI.',
    );
  }
  if (INDEXES.includes(mediaType)) {
    return {
      kind: 'index',
      manifests: list(name, document, 'manifests').map((each) => descriptor(name, each)),
    };
  }
  if (!MANIFESTS.includes(mediaType)) {
    throw unsupported(
      name,
      `is no container image: its manifest has the media type ${printable(mediaType) || '(none)'}`,
      'It may be an artifact of another kind, such as a Helm chart, a signature or an SBOM.',
    );
  }
  const config = descriptor(name, document.config);
  if (!CONFIG_TYPES.includes(config.mediaType)) {
    throw unsupported(
      name,
      `is no container image: its configuration has the media type ${printable(config.mediaType)}`,
      'It may be an artifact of another kind, such as a Helm chart, a signature or an SBOM.',
    );
  }
  const layers = list(name, document, 'layers').map((each) => descriptor(name, each));
  if (layers.length > MAX_LAYERS) {
    throw unsupported(
      name,
      `has ${layers.length} layers, more than the ${MAX_LAYERS} that are supported`,
      'Squash it.',
    );
  }
  for (const layer of layers) checkLayer(name, layer);
  return { kind: 'manifest', mediaType, config, layers };
}

function checkLayer(name: string, { mediaType }: Descriptor): void {
  if (LAYER_TYPE.test(mediaType)) return;
  const encrypted = mediaType.endsWith('+encrypted');
  throw unsupported(
    name,
    `has a layer of the media type ${printable(mediaType)}, which ${encrypted ? 'is encrypted' : 'is not known'}`,
    encrypted ? 'Decrypt it with skopeo first.' : 'Have it built with layers compressed by gzip or zstd.',
  );
}

type Json = Readonly<Record<string, unknown>>;

function parseJson(name: string, data: Uint8Array): Json {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(data).toString('utf8'));
  } catch (cause) {
    throw malformed(name, 'it is not JSON', cause);
  }
  if (!isObject(value)) throw malformed(name, 'it is no JSON object');
  return value;
}

/** OCI lets a document leave its media type out. */
function impliedType(document: Json, sentAs: string): string {
  if ([...INDEXES, ...MANIFESTS].includes(sentAs)) return sentAs;
  if (Array.isArray(document.manifests)) return MANIFEST_TYPES.ociIndex;
  if (isObject(document.config) && Array.isArray(document.layers)) return MANIFEST_TYPES.ociManifest;
  return sentAs;
}

function list(name: string, document: Json, field: string): readonly unknown[] {
  const value = document[field];
  if (!Array.isArray(value)) throw malformed(name, `it has no list of ${field}`);
  return value;
}

function descriptor(name: string, value: unknown): Descriptor {
  if (!isObject(value)) throw malformed(name, 'a descriptor in it is no object');
  const { mediaType, digest, size, platform, urls, annotations } = value;
  if (typeof mediaType !== 'string') throw malformed(name, 'a descriptor in it has no media type');
  if (typeof digest !== 'string' || !isDigest(digest)) {
    throw malformed(name, 'a descriptor in it has no digest that can be verified');
  }
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    throw malformed(name, `the descriptor of ${digest} has no size`);
  }
  const attestation = isObject(annotations) && annotations[REFERENCE_TYPE] === ATTESTATION;
  return {
    mediaType,
    digest,
    size,
    ...platformOf(platform),
    ...urlsOf(urls),
    ...(attestation && { attestation }),
  };
}

function platformOf(value: unknown): { platform?: Platform } {
  if (!isObject(value)) return {};
  const { os, architecture, variant } = value;
  if (typeof os !== 'string' || typeof architecture !== 'string') return {};
  return { platform: { os, architecture, ...(typeof variant === 'string' ? { variant } : {}) } };
}

function urlsOf(value: unknown): { urls?: readonly string[] } {
  if (!Array.isArray(value) || value.length === 0) return {};
  return { urls: value.filter((each) => typeof each === 'string') };
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Text from a registry that goes to a terminal. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 100);
}

function malformed(name: string, reason: string, cause?: unknown): WherryError {
  return new WherryError(`The registry's answer is no valid manifest for ${name}: ${reason}.`, {
    code: 'E_REGISTRY_REPLY',
    hint: 'Check that the name and port are those of a registry; if they are, whoever pushed the image should know.',
    cause,
  });
}

function unsupported(name: string, reason: string, hint: string): WherryError {
  return new WherryError(`${name} ${reason}.`, { code: 'E_MANIFEST_UNSUPPORTED', hint });
}
