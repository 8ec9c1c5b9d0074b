import type { PushEvent, PushRequest } from '../api.ts';
import { shortDigest } from '../blob/digest.ts';
import { registrySettings } from '../container/config.ts';
import { WherryError } from '../errors/error.ts';
import {
  familiarName,
  fullName,
  parseReference,
  type Reference,
  withDefaultTag,
} from '../reference/reference.ts';
import { RepositoryClient } from '../registry/client.ts';
import { refuseBlocked } from '../registry/settings.ts';
import { bringBlobs } from './fetch-blobs.ts';
import { parseManifest } from './manifest.ts';
import type { PullContext } from './pull.ts';
import { registryOptions } from './repository.ts';
import { Slots } from './slots.ts';
import { type ImageLayer, type ImageRow, ImageTable } from './table.ts';

/** Docker's number of uploads at a time. */
const CONCURRENCY = 5;
/** Bars are drawn less often than bytes leave. */
const INTERVAL_MS = 50;
/** Repositories that are asked for a mount before the bytes are sent. */
const MAX_MOUNTS = 3;

export interface Pushed {
  readonly digest: string;
}

/**
 * Pushes an image's manifest and blobs as they are in the store, so that digests stay; with `allTags`, all of a repository's.
 * @throws WherryError `E_IMAGE_NOT_FOUND`, `E_IMAGE_INCOMPLETE`, `E_REGISTRY_BLOCKED`, and those of the registry
 */
export async function pushImage(context: PullContext, request: PushRequest): Promise<Pushed> {
  const table = new ImageTable(context.store.database);
  const asked = parseReference(request.reference);
  const references = referencesOf(table, asked, request.allTags ?? false);
  const settings = registrySettings(context.env);
  refuseBlocked(settings, asked);
  request.onEvent?.({ kind: 'repository', repository: fullName(asked) });
  await using client = new RepositoryClient(asked, registryOptions(context, request, settings));
  let digest = '';
  for (const { reference, image } of references) {
    digest = await new Push(context, client, table, reference, request).run(image);
  }
  return { digest };
}

function referencesOf(
  table: ImageTable,
  asked: Reference,
  allTags: boolean,
): readonly { readonly reference: Reference; readonly image: ImageRow }[] {
  if (allTags && (asked.tag !== undefined || asked.digest !== undefined)) {
    throw new WherryError("tag can't be used with --all-tags/-a", {
      code: 'E_INVALID_REFERENCE',
      hint: `Leave the tag away: wherry push -a ${familiarName(asked)}.`,
      exitCode: 1,
    });
  }
  if (asked.digest !== undefined) {
    throw new WherryError('cannot push a digest reference', {
      code: 'E_INVALID_REFERENCE',
      hint: 'Give the image a tag, and push that.',
      exitCode: 1,
    });
  }
  const repository = fullName(asked);
  const names = allTags
    ? table.names().filter((name) => name.repository === repository && name.tag !== null)
    : [table.byName(withDefaultTag(asked))];
  const found = names.flatMap((name) => {
    const image = name === undefined ? undefined : table.row(name.image);
    return name === undefined || image === undefined ? [] : [{ reference: parseReference(name.name), image }];
  });
  if (found.length > 0) return found;
  throw new WherryError(
    allTags
      ? `An image does not exist locally with the tag: ${familiarName(asked)}`
      : `tag does not exist: ${familiarName(asked)}:${withDefaultTag(asked).tag}`,
    {
      code: 'E_IMAGE_NOT_FOUND',
      hint: 'wherry images shows what there is; wherry tag gives an image the name to push it by.',
      exitCode: 1,
    },
  );
}

/** One image on its way into a registry. */
class Push {
  readonly #context: PullContext;
  readonly #client: RepositoryClient;
  readonly #table: ImageTable;
  readonly #reference: Reference;
  readonly #request: PushRequest;

  constructor(
    context: PullContext,
    client: RepositoryClient,
    table: ImageTable,
    reference: Reference,
    request: PushRequest,
  ) {
    this.#context = context;
    this.#client = client;
    this.#table = table;
    this.#reference = reference;
    this.#request = request;
  }

  async run(image: ImageRow): Promise<string> {
    const { blobs } = this.#context;
    const text = blobs.readText(image.manifest);
    if (text === undefined) throw incomplete(image.id, image.manifest);
    const manifest = parseManifest(image.id, Buffer.from(text), image.media_type);
    if (manifest.kind !== 'manifest') throw incomplete(image.id, image.manifest);
    const layers = this.#table.layersOf(image.id);
    using _held = await bringBlobs(this.#context, [image.id], this.#request.signal);
    for (const layer of layers) this.#say(layer, 'preparing');
    const elsewhere = new Set(
      manifest.layers.filter(({ urls }) => urls !== undefined).map(({ digest }) => digest),
    );
    await this.#layers(layers, elsewhere);
    await this.#client.push(this.#blob(image.id), {});
    const { tag = '' } = this.#reference;
    const digest = await this.#client.pushManifest(tag, {
      digest: image.manifest,
      mediaType: image.media_type,
      data: Buffer.from(text),
    });
    const { domain, path } = this.#reference;
    this.#table.tag({ domain, path, digest }, digest, image.id);
    this.#emit({ kind: 'pushed', tag, digest, size: image.manifest_size });
    return digest;
  }

  /** Several at a time; when one fails, the others are ended. @param elsewhere blobs that other hosts have, and may alone */
  async #layers(layers: readonly ImageLayer[], elsewhere: ReadonlySet<string>): Promise<void> {
    const failed = new AbortController();
    const asked = this.#request.signal;
    const signal = asked === undefined ? failed.signal : AbortSignal.any([asked, failed.signal]);
    const slots = new Slots(CONCURRENCY);
    const twins = new Map(layers.map((layer) => [layer.blob, layer]));
    let failure: { readonly error: unknown } | undefined;
    await Promise.all(
      [...twins.values()].map(async (layer) => {
        try {
          await slots.run(async () => {
            signal.throwIfAborted();
            if (elsewhere.has(layer.blob)) this.#say(layer, 'foreign');
            else await this.#layer(layer, signal);
          });
        } catch (error) {
          failure ??= { error };
          failed.abort(error);
        }
      }),
    );
    if (asked?.aborted) throw asked.reason;
    if (failure !== undefined) throw failure.error;
  }

  async #layer(layer: ImageLayer, signal: AbortSignal): Promise<void> {
    const id = shortDigest(layer.diffId);
    const total = layer.size;
    const mountFrom = this.#repositoriesWith(layer.blob);
    let said = 0;
    const outcome = await this.#client.push(this.#blob(layer.blob), {
      mountFrom,
      signal,
      onProgress: (current) => {
        const now = performance.now();
        if (current < total && now - said < INTERVAL_MS) return;
        said = now;
        this.#emit({ kind: 'layer', id, state: 'pushing', current, total });
      },
    });
    const from = outcome.state === 'mounted' ? { detail: outcome.from } : {};
    this.#emit({ kind: 'layer', id, state: outcome.state, ...from });
  }

  #say({ diffId }: ImageLayer, state: 'preparing' | 'foreign'): void {
    this.#emit({ kind: 'layer', id: shortDigest(diffId), state });
  }

  #blob(digest: string): { readonly digest: string; readonly size: number; readonly path: string } {
    const { blobs } = this.#context;
    const size = blobs.size(digest);
    if (size === 0) throw incomplete(this.#reference.path, digest);
    return { digest, size, path: blobs.path(digest) };
  }

  /** Repositories of this registry that an image with this blob is known by. */
  #repositoriesWith(blob: string): readonly string[] {
    const { domain, path } = this.#reference;
    return this.#context.store.database
      .all<{ repository: string }>(
        `SELECT DISTINCT repository FROM image_name JOIN image_layer USING (image) WHERE blob = ?`,
        blob,
      )
      .map(({ repository }) => parseReference(repository))
      .filter((each) => each.domain === domain && each.path !== path)
      .slice(0, MAX_MOUNTS)
      .map((each) => each.path);
  }

  #emit(event: PushEvent): void {
    this.#request.onEvent?.(event);
  }
}

function incomplete(name: string, digest: string): WherryError {
  return new WherryError(`The image ${name} is not complete: blob ${digest} is missing.`, {
    code: 'E_IMAGE_INCOMPLETE',
    hint: 'Pull it again.',
    exitCode: 1,
  });
}
