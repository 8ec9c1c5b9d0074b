import { WherryError } from '../errors/error.ts';
import type { MirroredRepository } from '../registry/mirrored.ts';
import { candidatesOfIndex, isAttestation } from './index-choice.ts';
import { type Descriptor, type IndexDocument, type ManifestDocument, parseManifest } from './manifest.ts';
import { formatPlatform, ownPlatform, type Platform } from './platform.ts';

/** Indexes within an index are looked into as long as there aren't more of them. */
const MAX_INDEXES = 16;

export interface ResolveRequest {
  readonly client: Pick<MirroredRepository, 'manifest'>;
  /** Names the image in messages. */
  readonly name: string;
  /** Tag or digest. */
  readonly reference: string;
  /** The machine's own when absent, or what that runs as well. */
  readonly platform: Platform | undefined;
}

/** An image's manifest, found. */
export interface ResolvedManifest {
  /** Of what the reference names, which may be an index. */
  readonly digest: string;
  readonly manifest: ManifestDocument;
  readonly descriptor: Descriptor;
  /** The manifest, byte for byte. */
  readonly data: Buffer;
}

/**
 * Asks a registry for an image's manifest, through the index that the reference may name, and through indexes in that.
 * @throws WherryError of the registry, `E_PLATFORM_NOT_FOUND`, `E_MANIFEST_UNSUPPORTED`
 */
export async function resolveManifest(request: ResolveRequest): Promise<ResolvedManifest> {
  const { client, name, reference, platform } = request;
  const top = await client.manifest(reference);
  const document = parseManifest(name, top.data, top.mediaType);
  if (document.kind === 'manifest')
    return { manifest: document, ...described(document, top.digest, top.data), digest: top.digest };
  const found = await new IndexSearch(request).within(document);
  if (found !== undefined) return { ...found, digest: top.digest };
  const offered = document.manifests
    .filter((each) => !isAttestation(each))
    .flatMap((each) => (each.platform === undefined ? [] : [formatPlatform(each.platform)]));
  throw platformNotFound(name, platform ?? ownPlatform(), offered);
}

class IndexSearch {
  readonly #request: ResolveRequest;
  #indexes = 0;

  constructor(request: ResolveRequest) {
    this.#request = request;
  }

  async within({ manifests }: IndexDocument): Promise<Omit<ResolvedManifest, 'digest'> | undefined> {
    const { client, name, platform } = this.#request;
    for (const chosen of candidatesOfIndex(platform ?? ownPlatform(), manifests, platform !== undefined)) {
      const { data, mediaType } = await client.manifest(chosen.digest);
      const document = parseManifest(name, data, mediaType || chosen.mediaType);
      if (document.kind === 'manifest')
        return { manifest: document, ...described(document, chosen.digest, data) };
      this.#indexes += 1;
      if (this.#indexes > MAX_INDEXES) throw tooManyIndexes(name);
      const found = await this.within(document);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

function described(
  { mediaType }: ManifestDocument,
  digest: string,
  data: Buffer,
): Pick<ResolvedManifest, 'descriptor' | 'data'> {
  return { descriptor: { mediaType, digest, size: data.length }, data };
}

/** @param offered the platforms that there are */
export function platformNotFound(name: string, wanted: Platform, offered: readonly string[]): WherryError {
  const there = offered.length === 0 ? 'none that it names' : offered.join(', ');
  return new WherryError(
    `no matching manifest for ${formatPlatform(wanted)} in the manifest list entries of ${name}; it is there for ${there}.`,
    {
      code: 'E_PLATFORM_NOT_FOUND',
      hint: 'Choose one of those with --platform; another architecture than the machine’s own needs an emulator (qemu-user with binfmt_misc).',
    },
  );
}

function tooManyIndexes(name: string): WherryError {
  return new WherryError(`${name} is an index of more than ${MAX_INDEXES} indexes.`, {
    code: 'E_MANIFEST_UNSUPPORTED',
    hint: 'Name one of its images by digest.',
  });
}
