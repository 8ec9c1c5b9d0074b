import { WherryError } from '../errors/error.ts';
import type { Reference } from '../reference/reference.ts';
import { type RawManifest, type RegistryOptions, RepositoryClient } from './client.ts';
import { foreignBlob } from './foreign-blob.ts';
import { RETRY } from './retry.ts';
import type { RegistrySettings } from './settings.ts';
import { Transport } from './transport.ts';

/** Tries at a mirror: the registry behind it is the better one to wait for. */
const MIRROR_ATTEMPTS = 2;

/** Failures of a whole registry, which need not be met again for each blob. */
const OUTAGES: readonly string[] = [
  'E_REGISTRY_UNREACHABLE',
  'E_TLS',
  'E_REGISTRY_RATE_LIMIT',
  'E_REGISTRY_AUTH',
];

export interface MirroredOptions extends RegistryOptions {
  readonly mirrors: RegistrySettings['mirrors'];
  /** Throws for a host that isn't to be asked. */
  readonly refuse?: (host: string) => void;
  /** Told which mirror is passed over, and why. */
  readonly onFallback?: (mirror: string, why: string) => void;
}

interface Place {
  readonly name: string;
  readonly client: RepositoryClient;
}

/**
 * Reads a repository from the first of its registry's mirrors that has what is asked for, and from the registry itself when none
 * has. What comes is checked against digests whoever sends it; what a tag refers to is taken from the one that answers.
 */
export class MirroredRepository implements AsyncDisposable {
  readonly #places: readonly Place[];
  readonly #options: MirroredOptions;
  readonly #down = new Set<Place>();

  constructor(name: Pick<Reference, 'domain' | 'path'>, options: MirroredOptions) {
    this.#options = options;
    const retry = options.retry ?? RETRY;
    const mirrors = (options.mirrors[name.domain] ?? []).map((text) => {
      const { domain, prefix, plain } = parseMirror(text);
      return {
        name: text,
        client: new RepositoryClient(
          { domain, path: `${prefix}${name.path}` },
          {
            ...options,
            retry: { ...retry, attempts: Math.min(retry.attempts, MIRROR_ATTEMPTS) },
            insecureRegistries: [...(options.insecureRegistries ?? []), ...(plain ? [domain] : [])],
          },
        ),
      };
    });
    this.#places = [...mirrors, { name: name.domain, client: new RepositoryClient(name, options) }];
  }

  /** As `RepositoryClient.manifest`. */
  manifest(reference: string): Promise<RawManifest> {
    return this.#first((client) => client.manifest(reference));
  }

  /** As `RepositoryClient.manifestDigest`. */
  async manifestDigest(reference: string): Promise<string | undefined> {
    for (const place of this.#upPlaces()) {
      try {
        const digest = await place.client.manifestDigest(reference);
        if (digest !== undefined) return digest;
      } catch (error) {
        this.#passOver(place, error);
      }
    }
    return undefined;
  }

  /** As `RepositoryClient.tags`. */
  tags(): Promise<readonly string[]> {
    return this.#first((client) => client.tags());
  }

  /** As `RepositoryClient.blob`; one mirror goes on where another has stopped, and at last the addresses of a foreign layer. */
  async *blob(
    descriptor: { readonly digest: string; readonly size: number; readonly urls?: readonly string[] },
    options: Parameters<RepositoryClient['blob']>[1] = {},
  ): AsyncGenerator<Buffer, void, undefined> {
    let offset = options.offset ?? 0;
    for (const place of this.#upPlaces()) {
      try {
        for await (const chunk of place.client.blob(descriptor, { ...options, offset })) {
          offset += chunk.length;
          yield chunk;
        }
        return;
      } catch (error) {
        if (options.signal?.aborted) throw error;
        if (place === this.#places.at(-1) && descriptor.urls !== undefined) break;
        this.#passOver(place, error);
      }
    }
    yield* this.#foreign({ ...descriptor, offset }, descriptor.urls ?? [], options.signal);
  }

  /** @throws what the last address does */
  async *#foreign(
    blob: { readonly digest: string; readonly size: number; readonly offset: number },
    urls: readonly string[],
    signal: AbortSignal | undefined = this.#options.signal,
  ): AsyncGenerator<Buffer, void, undefined> {
    const { env, insecureRegistries: insecure = [], silenceTimeoutMs, refuse } = this.#options;
    const transport = new Transport(env, silenceTimeoutMs);
    let { offset } = blob;
    try {
      for (const url of urls) {
        try {
          if (URL.canParse(url)) refuse?.(new URL(url).host);
          for await (const chunk of foreignBlob(url, { ...blob, transport, offset, insecure, signal })) {
            offset += chunk.length;
            yield chunk;
          }
          return;
        } catch (error) {
          if (url === urls.at(-1) || signal?.aborted) throw error;
        }
      }
    } finally {
      await transport.close();
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#places.map(({ client }) => client.close()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #first<Result>(work: (client: RepositoryClient) => Promise<Result>): Promise<Result> {
    for (const place of this.#upPlaces()) {
      try {
        return await work(place.client);
      } catch (error) {
        this.#passOver(place, error);
      }
    }
    throw new Error('The registry itself is passed over by nobody.');
  }

  *#upPlaces(): Generator<Place> {
    for (const place of this.#places) if (!this.#down.has(place)) yield place;
  }

  /** @throws error when it is no mirror's, or not one of a registry at all */
  #passOver(place: Place, error: unknown): void {
    const { signal, onFallback } = this.#options;
    if (place === this.#places.at(-1) || signal?.aborted || !(error instanceof WherryError)) throw error;
    if (OUTAGES.includes(error.code)) this.#down.add(place);
    onFallback?.(place.name, error.message);
  }
}

/** `HOST[:PORT][/PREFIX]` or a URL of such. `plain`: it may be spoken to by HTTP. */
export function parseMirror(text: string): { domain: string; prefix: string; plain: boolean } {
  const [, scheme, domain = '', prefix = ''] = /^(?:(https?):\/\/)?([^/]+)\/?(.*?)\/*$/.exec(text) ?? [];
  return { domain, prefix: prefix === '' ? '' : `${prefix}/`, plain: scheme === 'http' };
}
