import type { PullEvent, PullRequest } from '../api.ts';
import { type BlobStore, withWholeBlob } from '../blob/blob-store.ts';
import { registrySettings } from '../container/config.ts';
import { WherryError } from '../errors/error.ts';
import {
  familiarName,
  familiarReference,
  formatReference,
  fullName,
  type Reference,
  withDefaultTag,
} from '../reference/reference.ts';
import { candidatesOf } from '../reference/short-name.ts';
import type { MirroredRepository } from '../registry/mirrored.ts';
import type { RetryPolicy } from '../registry/retry.ts';
import { type RegistrySettings, requireDigest } from '../registry/settings.ts';
import { Lease } from '../store/lease.ts';
import type { Environment } from '../store/root.ts';
import type { Store } from '../store/store.ts';
import { claimWhenFree } from './claim.ts';
import { type ConfigDocument, chainIds, MAX_CONFIG_BYTES, parseConfig } from './config.ts';
import { isDropped } from './dropped-blobs.ts';
import type { LayerStore } from './layers.ts';
import type { Descriptor } from './manifest.ts';
import { formatPlatform, ownPlatform, type Platform, parsePlatform, selectPlatform } from './platform.ts';
import { pullLayers } from './pull-layers.ts';
import { openRepository } from './repository.ts';
import { platformNotFound, resolveManifest } from './resolve-manifest.ts';
import { type ImageLayer, ImageTable, platformOf } from './table.ts';

export interface PullContext {
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly layers: LayerStore;
  readonly env: Environment;
  readonly uid: number;
  readonly retry?: RetryPolicy;
}

export interface Pulled {
  readonly id: string;
  /** Of the manifest or index that the reference names. */
  readonly digest: string;
  /** Its name in full, of the registry that it came from: `docker.io/library/busybox:latest`; of the repository for all tags. */
  readonly reference: string;
}

/** Answers of a registry that has no such image; one that hides what it has calls it denied. */
const NOT_THERE: readonly string[] = ['E_MANIFEST_NOT_FOUND', 'E_REGISTRY_AUTH'];

/**
 * Pulls every tag of a repository, or the one image that the request names. A name without a registry is looked for in those of
 * the search order. One that can't be asked ends the search: the next one's image of that name may be somebody else's.
 * @throws WherryError of the registry, `E_REGISTRY_BLOCKED`, `E_DIGEST_REQUIRED`, `E_PLATFORM_NOT_FOUND`,
 *   `E_MANIFEST_UNSUPPORTED`, `E_IMAGE_CONFIG`, `E_DIGEST_MISMATCH`, `E_NO_SPACE`, and those of a damaged layer
 */
export async function pullImage(context: PullContext, request: PullRequest): Promise<Pulled> {
  const settings = registrySettings(context.env);
  const [first, ...others] = candidatesOf(request.reference, settings.search);
  if (others.length === 0) return await pullReference(context, request, settings, first);
  const failures: WherryError[] = [];
  for (const candidate of [first, ...others]) {
    try {
      return await pullReference(context, request, settings, candidate);
    } catch (error) {
      if (!(error instanceof WherryError) || !NOT_THERE.includes(error.code)) throw error;
      failures.push(error);
    }
  }
  const searched = settings.search.join(', ');
  throw new WherryError(`${request.reference} was found in none of the registries searched: ${searched}.`, {
    code: 'E_MANIFEST_NOT_FOUND',
    hint: `Check the spelling, or name the registry: wherry pull ${settings.search[0]}/${request.reference}.`,
    cause: new AggregateError(failures, 'none of the registries has it'),
  });
}

async function pullReference(
  context: PullContext,
  request: PullRequest,
  settings: RegistrySettings,
  reference: Reference,
): Promise<Pulled> {
  requireDigest(settings, reference);
  await using client = openRepository(context, reference, request, settings);
  const platform = request.platform === undefined ? undefined : parsePlatform(request.platform);
  const pull = (each: Reference) => new Pull(context, client, each, platform, request).run();
  // Awaited here: the connections are closed when this returns.
  if (!request.allTags) return await pull(withDefaultTag(reference));
  if (reference.tag !== undefined || reference.digest !== undefined) {
    throw new WherryError("tag can't be used with --all-tags/-a", {
      code: 'E_INVALID_REFERENCE',
      hint: `Leave the tag away: wherry pull -a ${familiarName(reference)}.`,
    });
  }
  let last: Pulled | undefined;
  for (const tag of await client.tags()) last = await pull({ ...reference, tag });
  if (last !== undefined) return { ...last, reference: fullName(reference) };
  throw new WherryError(`repository ${familiarName(reference)} has no tags.`, {
    code: 'E_MANIFEST_NOT_FOUND',
    hint: 'Check the spelling of the name, and that the image has been pushed to this registry.',
  });
}

/** One image on its way from a registry into the store. */
class Pull {
  readonly #context: PullContext;
  readonly #client: MirroredRepository;
  readonly #reference: Reference;
  readonly #platform: Platform | undefined;
  readonly #request: PullRequest;
  readonly #table: ImageTable;

  constructor(
    context: PullContext,
    client: MirroredRepository,
    reference: Reference,
    platform: Platform | undefined,
    request: PullRequest,
  ) {
    this.#context = context;
    this.#client = client;
    // A digest says it all; a tag beside it isn't looked at, as in Docker.
    const { domain, path, digest } = reference;
    this.#reference = digest === undefined ? reference : { domain, path, digest };
    this.#platform = platform;
    this.#request = request;
    this.#table = new ImageTable(context.store.database);
  }

  async run(): Promise<Pulled> {
    const { tag, digest } = this.#reference;
    this.#emit({
      kind: 'resolving',
      reference: familiarName(this.#reference),
      tag: digest ?? tag ?? '',
    });
    const current = await this.#unchanged();
    if (current !== undefined) return this.#finished(current.id, current.digest, 'up-to-date');
    const target = await resolveManifest({
      client: this.#client,
      name: this.#name,
      reference: this.#reference.digest ?? this.#reference.tag ?? '',
      platform: this.#platform,
    });
    using lease = new Lease(this.#context.store.database);
    const { config, layers } = target.manifest;
    lease.hold('blob', [target.descriptor.digest, config.digest, ...layers.map((layer) => layer.digest)]);
    const document = await this.#config(lease, config, layers.length);
    this.#checkPlatform(document);
    const chain = chainIds(document.diffIds);
    lease.hold('layer', chain);
    const plan: readonly ImageLayer[] = layers.map(({ digest, mediaType, size }, index) => ({
      chainId: chain[index] ?? '',
      diffId: document.diffIds[index] ?? '',
      blob: digest,
      mediaType,
      size,
    }));
    const size = await pullLayers({
      layers: plan,
      blobs: this.#context.blobs,
      store: this.#context.layers,
      lease,
      download: ({ blob: digest, size }, options) => {
        const urls = layers.find((each) => each.digest === digest)?.urls;
        return this.#client.blob({ digest, size, ...(urls && urls.length > 0 && { urls }) }, options);
      },
      dropped: (blob) => isDropped(this.#context.store.database, blob),
      signal: this.#request.signal,
      emit: (event) => this.#emit(event),
    });
    await this.#context.blobs.write(target.descriptor.digest, target.data);
    await this.#context.blobs.syncNames();
    const known = this.#table.row(config.digest) !== undefined && this.#isNamed(target.digest, config.digest);
    this.#table.put(
      {
        id: config.digest,
        manifest: target.descriptor,
        platform: document.platform,
        created: document.created,
        config: document.config,
        layers: plan,
        size,
      },
      this.#reference,
      target.digest,
    );
    return this.#finished(config.digest, target.digest, known ? 'up-to-date' : 'downloaded');
  }

  /** The image that is here, when the registry still has it under this name. */
  async #unchanged(): Promise<Omit<Pulled, 'reference'> | undefined> {
    const name = this.#table.byName(this.#reference);
    const image = name === undefined ? undefined : this.#table.row(name.image);
    if (name === undefined || image === undefined || !this.#isComplete(image.id)) return undefined;
    const wanted = this.#platform ?? ownPlatform();
    if (
      selectPlatform(wanted, [platformOf(image)], (each) => each, this.#platform !== undefined) === undefined
    ) {
      return undefined;
    }
    const digest = this.#reference.digest ?? (await this.#client.manifestDigest(this.#reference.tag ?? ''));
    return digest === name.digest ? { id: image.id, digest } : undefined;
  }

  #isComplete(id: string): boolean {
    return this.#table
      .layersOf(id)
      .every(
        ({ chainId, blob, size }) =>
          this.#context.layers.has(chainId) &&
          (this.#context.blobs.has({ digest: blob, size }) || isDropped(this.#context.store.database, blob)),
      );
  }

  #isNamed(digest: string, id: string): boolean {
    const name = this.#table.byName(this.#reference);
    return name?.digest === digest && name.image === id;
  }

  async #config(lease: Lease, descriptor: Descriptor, layers: number): Promise<ConfigDocument> {
    const { digest, size } = descriptor;
    if (size > MAX_CONFIG_BYTES) {
      throw new WherryError(`The configuration of ${this.#name} is larger than 8 MiB.`, {
        code: 'E_IMAGE_CONFIG',
        hint: 'The image is damaged; whoever built it should know.',
      });
    }
    const { blobs } = this.#context;
    if (!blobs.has(descriptor)) {
      await claimWhenFree(lease, 'blob', digest, this.#request.signal);
      try {
        if (!blobs.has(descriptor)) {
          await withWholeBlob(async () => {
            for await (const _ of blobs.fetch(descriptor, (offset) =>
              this.#client.blob(descriptor, { offset }),
            ));
          });
        }
      } finally {
        lease.disclaim('blob', digest);
      }
    }
    return parseConfig(this.#name, blobs.readText(digest) ?? '', layers);
  }

  /** An image that is no index may be for another machine; one that was asked for by platform may not. */
  #checkPlatform({ platform }: ConfigDocument): void {
    if (this.#platform === undefined || platform.architecture === '') return;
    if (selectPlatform(this.#platform, [platform], (each) => each, true) === undefined) {
      throw platformNotFound(this.#name, this.#platform, [formatPlatform(platform)]);
    }
  }

  #finished(id: string, digest: string, status: 'downloaded' | 'up-to-date'): Pulled {
    this.#emit({ kind: 'pulled', reference: this.#name, digest, status });
    return { id, digest, reference: formatReference(this.#reference) };
  }

  get #name(): string {
    return familiarReference(this.#reference);
  }

  #emit(event: PullEvent): void {
    this.#request.onEvent?.(event);
  }
}
