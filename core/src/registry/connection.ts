import { WherryError } from '../errors/error.ts';
import type { Reference } from '../reference/reference.ts';
import { type Access, type Authorization, denied } from './authorization.ts';
import { badReply, connectionFailure, isTransient, isUnencrypted } from './failure.ts';
import { type Endpoint, endpointsOf } from './host.ts';
import { failureOf } from './registry-error.ts';
import { isRetryStatus, LONGEST_RETRY_AFTER_MS, pause, type RetryPolicy, retryAfter } from './retry.ts';
import { RedirectError, type Response, type Transport, type TransportRequest } from './transport.ts';

/** A 401 can be answered by a first token and by one more in place of an expired one. */
const MAX_CHALLENGES = 2;

export interface ConnectionOptions {
  readonly name: Pick<Reference, 'domain' | 'path'>;
  readonly registry: string;
  readonly insecureRegistries: readonly string[];
  readonly transport: Transport;
  readonly authorization: Authorization;
  readonly retry: RetryPolicy;
}

export interface RegistryRequest {
  /** What a failure says was going on: `while reading layer 0123456789ab`. */
  readonly doing: string;
  readonly method?: TransportRequest['method'];
  /** What a refusal is of; default pull. */
  readonly access?: Access;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: TransportRequest['body'];
  readonly signal?: AbortSignal | undefined;
  /** Told why, before each pause. */
  readonly onRetry?: ((why: string) => void) | undefined;
}

/** Requests about one repository: finds the endpoint, authenticates, tries again. */
export class RegistryConnection {
  readonly #options: ConnectionOptions;
  #endpoint: Endpoint | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /**
   * Answers with any response but a 401, a 429 and a 5xx.
   * @param path below `/v2/NAME`
   * @throws WherryError `E_REGISTRY_UNREACHABLE`, `E_TLS`, `E_REGISTRY_REPLY`, `E_REGISTRY_AUTH`, `E_REGISTRY_RATE_LIMIT`
   */
  async request(path: string, request: RegistryRequest): Promise<Response> {
    const { retry, registry, name } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      const last = attempt >= retry.attempts;
      let asked: number | undefined;
      try {
        const response = await this.#authorised(path, request);
        if (!isRetryStatus(response.statusCode)) return response;
        asked = retryAfter(response, Date.now());
        if (last || (asked ?? 0) > LONGEST_RETRY_AFTER_MS) {
          throw await failureOf(response, {
            registry,
            repository: name.path,
            reference: '',
            access: request.access ?? 'pull',
          });
        }
        await response.body.dump();
        const wait = asked === undefined ? '' : `, which asks to wait ${Math.ceil(asked / 1000)} s`;
        request.onRetry?.(`${registry} answered with status ${response.statusCode}${wait}`);
      } catch (error) {
        if (last || !isTransient(error) || request.signal?.aborted) throw this.explain(error, request);
        request.onRetry?.(connectionFailure(registry, '', error).message);
      }
      await pause(retry, attempt, asked, request.signal);
    }
  }

  /**
   * Sends a request once. Answers with any response but a 401.
   * @param path below `/v2/NAME`, or what the registry said: a path from the root, or another URL
   * @throws what the transport does, WherryError `E_REGISTRY_AUTH`
   */
  async once(path: string, request: RegistryRequest): Promise<Response> {
    return this.#authorised(path, request);
  }

  /** What a `Location` of the registry's means; undefined for what is no address. */
  absolute(location: string): string | undefined {
    const base = this.#endpoint?.origin;
    return location !== '' && URL.canParse(location, base) ? new URL(location, base).href : undefined;
  }

  /** Repeats a request whose answer is small and read at once, when the connection is cut in the middle of it. */
  async whole<Result>(doing: string, work: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    const { retry } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await work();
      } catch (error) {
        if (attempt >= retry.attempts || !isTransient(error) || signal?.aborted) {
          throw this.explain(error, { doing, signal });
        }
      }
      await pause(retry, attempt, undefined, signal);
    }
  }

  /** A failure in the user's words; what is so already, or an abort, comes back as it is. */
  explain(error: unknown, { doing, signal }: Pick<RegistryRequest, 'doing' | 'signal'>): unknown {
    const { registry } = this.#options;
    if (error instanceof WherryError || signal?.aborted) return error;
    if (error instanceof RedirectError)
      return badReply(registry, 'redirects without end, or to no web address', error);
    return connectionFailure(registry, doing, error);
  }

  async #authorised(path: string, request: RegistryRequest): Promise<Response> {
    const { authorization, name, registry } = this.#options;
    for (let challenges = 0; ; challenges += 1) {
      const header = authorization.header(name.path);
      const { response, endpoint } = await this.#send(path, {
        ...request,
        headers: header === undefined ? request.headers : { ...request.headers, authorization: header },
      });
      if (response.statusCode !== 401) return response;
      const challenge = response.headers['www-authenticate'];
      await response.body.dump();
      if (challenges === MAX_CHALLENGES || header?.startsWith('Basic ')) {
        throw denied(
          registry,
          name.path,
          header?.startsWith('Basic ')
            ? 'the user name or password is wrong'
            : 'it takes none of the tokens it gives out',
          request.access,
        );
      }
      const text = Array.isArray(challenge) ? challenge.join(', ') : (challenge ?? '');
      await authorization.answer(name.path, {
        challenge: text,
        refused: header,
        verify: endpoint.verify,
        access: request.access ?? 'pull',
        signal: request.signal,
      });
    }
  }

  /** By the endpoint that answered first; the first request of all tries them in order. */
  async #send(
    path: string,
    { method = 'GET', headers, body, signal }: RegistryRequest,
  ): Promise<{ response: Response; endpoint: Endpoint }> {
    const { name, transport, insecureRegistries } = this.#options;
    const candidates =
      this.#endpoint === undefined ? endpointsOf(name.domain, insecureRegistries) : [this.#endpoint];
    let failure: unknown;
    for (const endpoint of candidates) {
      const url =
        /^\/v[12]\//.test(path) || URL.canParse(path)
          ? new URL(path, endpoint.origin)
          : new URL(`/v2/${name.path}${path}`, endpoint.origin);
      try {
        const response = await transport.send(url, endpoint.verify, {
          method,
          headers: url.origin === endpoint.origin ? headers : withoutAuthorization(headers),
          ...(body === undefined ? {} : { body }),
          signal,
        });
        if (candidates.length > 1 && (await expectsEncryption(response))) continue;
        this.#endpoint = endpoint;
        return { response, endpoint };
      } catch (error) {
        // That a registry speaks no TLS tells less than how it failed without.
        if (failure === undefined || isUnencrypted(failure)) failure = error;
        if (signal?.aborted) break;
      }
    }
    throw failure;
  }
}

/** A place to upload to may be another host's, which is not to see the registry's credentials. */
function withoutAuthorization(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'authorization'));
}

/** What Go's HTTPS servers say to plain HTTP. */
export async function expectsEncryption(response: Response): Promise<boolean> {
  if (response.statusCode !== 400 || response.headers['docker-distribution-api-version'] !== undefined)
    return false;
  await response.body.dump();
  return true;
}
