import { DigestVerifier, isDigest, sha256 } from '../blob/digest.ts';
import type { Reference } from '../reference/reference.ts';
import type { Environment } from '../store/root.ts';
import { Authorization } from './authorization.ts';
import { BlobStream } from './blob-stream.ts';
import { BodyTooLarge, readBody } from './body.ts';
import { RegistryConnection } from './connection.ts';
import { credentialFiles, findCredentials } from './credentials.ts';
import { badReply } from './failure.ts';
import { ACCEPT_MANIFESTS } from './media-type.ts';
import { failureOf } from './registry-error.ts';
import { RETRY, type RetryPolicy } from './retry.ts';
import { Transport } from './transport.ts';
import {
  putManifest,
  type UploadBlob,
  type UploadOptions,
  type UploadOutcome,
  uploadBlob,
} from './upload.ts';

/** The distribution specification lets a registry refuse manifests beyond this size. */
const MAX_MANIFEST_BYTES = 4 << 20;
const MAX_TAGS_BYTES = 64 << 20;
const MAX_TAG_PAGES = 1000;

export interface RegistryOptions {
  readonly env: Environment;
  readonly uid: number;
  readonly insecureRegistries?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly retry?: RetryPolicy;
  /** Told why before each pause, for what isn't a layer. */
  readonly onRetry?: ((why: string) => void) | undefined;
  /** How long a connection may be silent. */
  readonly silenceTimeoutMs?: number;
}

export interface RawManifest {
  readonly digest: string;
  /** As the registry says it; `''` when it says nothing. */
  readonly mediaType: string;
  readonly data: Buffer;
}

/** Reads one repository by the distribution specification v1.1, "Pull". */
export class RepositoryClient implements AsyncDisposable {
  readonly #name: Pick<Reference, 'domain' | 'path'>;
  readonly #transport: Transport;
  readonly #connection: RegistryConnection;
  readonly #signal: AbortSignal | undefined;
  readonly #retry: RetryPolicy;
  readonly #onRetry: ((why: string) => void) | undefined;

  constructor(name: Pick<Reference, 'domain' | 'path'>, options: RegistryOptions) {
    const { env, uid, insecureRegistries = [], signal, retry = RETRY } = options;
    this.#name = name;
    this.#signal = signal;
    this.#retry = retry;
    this.#onRetry = options.onRetry;
    this.#transport = new Transport(env, options.silenceTimeoutMs);
    const authorization = new Authorization(this.#registry, this.#transport, () =>
      findCredentials(name.domain, name.path, credentialFiles(env, uid)),
    );
    this.#connection = new RegistryConnection({
      name,
      registry: this.#registry,
      insecureRegistries,
      transport: this.#transport,
      authorization,
      retry,
    });
  }

  /**
   * A manifest or index, whole and verified when it is asked for by digest.
   * @throws WherryError `E_MANIFEST_NOT_FOUND`, `E_REGISTRY_REPLY`, `E_DIGEST_MISMATCH`, and those of the connection
   */
  async manifest(reference: string): Promise<RawManifest> {
    const doing = `while reading the manifest of ${this.#named(reference)}`;
    return this.#connection.whole(
      doing,
      async () => {
        const response = await this.#connection.request(`/manifests/${reference}`, {
          doing,
          headers: { accept: ACCEPT_MANIFESTS },
          signal: this.#signal,
          onRetry: this.#onRetry,
        });
        if (response.statusCode !== 200) throw await failureOf(response, this.#context(reference));
        let data: Buffer;
        try {
          data = await readBody(response, MAX_MANIFEST_BYTES);
        } catch (error) {
          if (!(error instanceof BodyTooLarge)) throw error;
          throw badReply(this.#registry, `sends a manifest of more than 4 MiB for ${this.#named(reference)}`);
        }
        const digest = this.#verified(reference, data, response.headers['docker-content-digest']);
        return { digest, mediaType: mediaType(response.headers['content-type']), data };
      },
      this.#signal,
    );
  }

  /** The digest that a tag has now, by HEAD, which Docker Hub doesn't count; undefined when the registry doesn't tell. */
  async manifestDigest(reference: string): Promise<string | undefined> {
    const response = await this.#connection.request(`/manifests/${reference}`, {
      doing: `while looking for ${this.#named(reference)}`,
      method: 'HEAD',
      headers: { accept: ACCEPT_MANIFESTS },
      signal: this.#signal,
      onRetry: this.#onRetry,
    });
    await response.body.dump();
    const digest = response.headers['docker-content-digest'];
    return response.statusCode === 200 && typeof digest === 'string' && isDigest(digest) ? digest : undefined;
  }

  /**
   * A blob's bytes from `offset` on, resumed after a cut connection. They are not verified: the digest is of the whole.
   * @param onRetry told why, before each pause
   */
  blob(
    descriptor: { readonly digest: string; readonly size: number },
    options: {
      readonly offset?: number;
      readonly signal?: AbortSignal;
      readonly onRetry?: (why: string) => void;
    } = {},
  ): AsyncIterable<Buffer> {
    const signal = options.signal ?? this.#signal;
    return new BlobStream(this.#connection, descriptor, {
      registry: this.#registry,
      repository: this.#name.path,
      offset: options.offset ?? 0,
      retry: this.#retry,
      ...(signal === undefined ? {} : { signal }),
      ...(options.onRetry === undefined ? {} : { onRetry: options.onRetry }),
    });
  }

  /** @throws WherryError of the registry */
  async push(
    blob: UploadBlob,
    options: Pick<UploadOptions, 'onProgress' | 'mountFrom' | 'signal'>,
  ): Promise<UploadOutcome> {
    return uploadBlob(this.#connection, blob, { ...this.#place, ...options }, this.#retry);
  }

  /** @param reference tag or digest @returns the digest */
  async pushManifest(reference: string, manifest: RawManifest): Promise<string> {
    return putManifest(this.#connection, reference, manifest, this.#place);
  }

  get #place() {
    return { registry: this.#registry, repository: this.#name.path, signal: this.#signal };
  }

  /** Every tag of the repository. */
  async tags(): Promise<readonly string[]> {
    const tags: string[] = [];
    let next: string | undefined = '/tags/list';
    for (let page = 0; next !== undefined && page < MAX_TAG_PAGES; page += 1) {
      const response = await this.#connection.request(next, {
        doing: 'while listing tags',
        headers: { accept: 'application/json' },
        signal: this.#signal,
        onRetry: this.#onRetry,
      });
      if (response.statusCode !== 200) throw await failureOf(response, this.#context(''));
      const body = await readBody(response, MAX_TAGS_BYTES);
      tags.push(...this.#parseTags(body));
      next = nextPage(response.headers.link);
    }
    return tags;
  }

  async close(): Promise<void> {
    await this.#transport.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get #registry(): string {
    return this.#name.domain;
  }

  #named(reference: string): string {
    const { domain, path } = this.#name;
    return `${domain}/${path}${reference.includes(':') ? '@' : ':'}${reference}`;
  }

  #context(reference: string) {
    return { registry: this.#registry, repository: this.#name.path, reference };
  }

  #verified(reference: string, data: Buffer, header: string | string[] | undefined): string {
    const said = typeof header === 'string' && isDigest(header) ? header : undefined;
    const expected = isDigest(reference) ? reference : said;
    if (expected === undefined) return sha256(data);
    const verifier = new DigestVerifier(expected);
    verifier.update(data);
    verifier.verify(`the manifest of ${this.#named(reference)}`);
    return expected;
  }

  #parseTags(body: Buffer): string[] {
    try {
      const { tags } = JSON.parse(body.toString('utf8')) as { tags?: unknown };
      if (tags === null) return [];
      if (Array.isArray(tags) && tags.every((tag) => typeof tag === 'string')) return tags;
    } catch (cause) {
      throw badReply(this.#registry, 'answers with a list of tags that is not JSON', cause);
    }
    throw badReply(this.#registry, 'answers with something that is no list of tags');
  }
}

function mediaType(header: string | string[] | undefined): string {
  return typeof header === 'string' ? (header.split(';', 1)[0]?.trim().toLowerCase() ?? '') : '';
}

/** `Link: </v2/NAME/tags/list?n=…&last=…>; rel="next"`, as a path below the repository. */
function nextPage(header: string | string[] | undefined): string | undefined {
  const target = /<([^>]+)>\s*;\s*rel="?next"?/.exec(String(header ?? ''))?.[1];
  const at = target?.indexOf('/tags/list') ?? -1;
  return target === undefined || at < 0 ? undefined : target.slice(at);
}
