import { WherryError } from '../errors/error.ts';
import { DEFAULT_DOMAIN, hasRegistry } from '../reference/reference.ts';
import { Authorization } from './authorization.ts';
import { readBody } from './body.ts';
import type { RegistryOptions } from './client.ts';
import { RegistryConnection } from './connection.ts';
import { credentialFiles, findCredentials } from './credentials.ts';
import { badReply } from './failure.ts';
import { failureOf } from './registry-error.ts';
import { RETRY } from './retry.ts';
import { Transport } from './transport.ts';

/** The host that answers searches of Docker Hub. */
const HUB_INDEX = 'index.docker.io';
const MAX_BODY_BYTES = 16 << 20;
const MAX_PAGES = 1000;

export interface FoundImage {
  /** As a pull takes it: `busybox`, `localhost:5000/team/app`. */
  readonly name: string;
  readonly description: string;
  readonly stars: number;
  readonly official: boolean;
}

/** What of a term names a registry, and what is looked for: `localhost:5000/app`. */
export function splitTerm(term: string): { readonly domain: string | undefined; readonly words: string } {
  if (!hasRegistry(term)) return { domain: undefined, words: term };
  const slash = term.indexOf('/');
  const domain = term.slice(0, slash);
  return { domain: domain === HUB_INDEX ? DEFAULT_DOMAIN : domain, words: term.slice(slash + 1) };
}

/**
 * Looks for images on a registry: by Docker Hub's `/v1/search`, and where there is none, in the list of all repositories
 * (distribution specification, `_catalog`).
 * @param limit of results
 * @throws WherryError of the registry
 */
export async function searchRegistry(
  domain: string,
  words: string,
  limit: number,
  options: RegistryOptions,
): Promise<readonly FoundImage[]> {
  const { env, uid, insecureRegistries = [], retry = RETRY } = options;
  const transport = new Transport(env, options.silenceTimeoutMs);
  const search = new Search(
    domain,
    new RegistryConnection({
      name: { domain: domain === DEFAULT_DOMAIN ? HUB_INDEX : domain, path: '' },
      registry: domain,
      insecureRegistries,
      transport,
      authorization: new Authorization(domain, transport, () =>
        findCredentials(domain, '', credentialFiles(env, uid)),
      ),
      retry,
    }),
    options.signal,
  );
  try {
    return (await search.byIndex(words, limit)) ?? (await search.byCatalog(words, limit));
  } finally {
    await transport.close();
  }
}

class Search {
  readonly #domain: string;
  readonly #connection: RegistryConnection;
  readonly #signal: AbortSignal | undefined;

  constructor(domain: string, connection: RegistryConnection, signal: AbortSignal | undefined) {
    this.#domain = domain;
    this.#connection = connection;
    this.#signal = signal;
  }

  /** Undefined where the registry has no such thing. */
  async byIndex(words: string, limit: number): Promise<readonly FoundImage[] | undefined> {
    const { status, body } = await this.#get(
      `/v1/search?${new URLSearchParams({ q: words, n: String(limit) })}`,
    );
    if (status === 200) {
      const { results } = this.#json(body);
      if (Array.isArray(results)) return results.slice(0, limit).map((each) => this.#found(each));
    }
    if (this.#domain !== DEFAULT_DOMAIN) return undefined;
    throw badReply(this.#domain, `answered a search with status ${status} and no list of images`);
  }

  async byCatalog(words: string, limit: number): Promise<readonly FoundImage[]> {
    const found: FoundImage[] = [];
    let next: string | undefined = '/v2/_catalog?n=1000';
    for (let page = 0; next !== undefined && page < MAX_PAGES && found.length < limit; page += 1) {
      const { status, body, link } = await this.#get(next);
      if (status !== 200) throw this.#unsearchable(status);
      const { repositories } = this.#json(body);
      if (!Array.isArray(repositories)) throw badReply(this.#domain, 'answers with no list of repositories');
      const names = repositories.filter((each) => typeof each === 'string' && each.includes(words));
      found.push(...names.map((name) => this.#found({ name })));
      next = /<([^>]+)>\s*;\s*rel="?next"?/.exec(link)?.[1];
      const at = next?.indexOf('/v2/_catalog') ?? -1;
      next = at < 0 ? undefined : next?.slice(at);
    }
    return found.slice(0, limit);
  }

  async #get(path: string): Promise<{ status: number; body: Buffer; link: string }> {
    const response = await this.#connection.request(path, {
      doing: 'while searching it',
      headers: { accept: 'application/json' },
      signal: this.#signal,
    });
    if (response.statusCode === 403) {
      throw await failureOf(response, { registry: this.#domain, repository: '', reference: '' });
    }
    const body = await readBody(response, MAX_BODY_BYTES);
    return { status: response.statusCode, body, link: String(response.headers.link ?? '') };
  }

  #json(body: Buffer): Readonly<Record<string, unknown>> {
    try {
      const value: unknown = JSON.parse(body.toString('utf8'));
      return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
    } catch {
      // Registries that know no search answer it with a web page.
      return {};
    }
  }

  #found(value: unknown): FoundImage {
    const { name, description, star_count, is_official } = (value ?? {}) as Record<string, unknown>;
    const own = printable(name);
    return {
      name: this.#domain === DEFAULT_DOMAIN ? own : `${this.#domain}/${own}`,
      description: printable(description),
      stars: typeof star_count === 'number' ? star_count : 0,
      official: is_official === true,
    };
  }

  #unsearchable(status: number): WherryError {
    return new WherryError(`Registry ${this.#domain} can't be searched: it answered with status ${status}.`, {
      code: 'E_REGISTRY_REPLY',
      hint: 'It neither knows Docker’s search nor lists its repositories; look at its web pages.',
    });
  }
}

/** Text from a registry that goes to a terminal. */
function printable(value: unknown): string {
  return typeof value === 'string' ? value.replace(/\p{Cc}+/gu, ' ') : '';
}
