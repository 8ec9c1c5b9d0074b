import { homedir } from 'node:os';
import { Readable } from 'node:stream';
import { Agent, type Dispatcher, EnvHttpProxyAgent } from 'undici';
import type { Environment } from '../store/root.ts';
import { secureContext } from './certificates.ts';
import { isLoopback } from './host.ts';

/** Connections to one registry at a time. */
const CONNECTIONS = 6;
const CONNECT_TIMEOUT_MS = 15_000;
/** Without a byte for so long, a connection counts as dead. */
const SILENCE_TIMEOUT_MS = 60_000;
const MAX_REDIRECTS = 10;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** What is used of undici's answer; its own types are no part of those that the package has. */
export interface Response {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Readable & { dump(): Promise<void>; text(): Promise<string> };
}

export interface TransportRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH';
  readonly headers: Readonly<Record<string, string>>;
  /** One that is made anew for each try. */
  readonly body?: string | Uint8Array | (() => AsyncIterable<Uint8Array>);
  readonly signal?: AbortSignal | undefined;
}

/** HTTP with proxies from the environment, certificates by host, and redirects that don't carry credentials elsewhere. */
export class Transport {
  readonly #env: Environment;
  readonly #silence: number;
  readonly #dispatchers = new Map<string, Dispatcher>();

  constructor(env: Environment, silenceTimeoutMs = SILENCE_TIMEOUT_MS) {
    this.#env = env;
    this.#silence = silenceTimeoutMs;
  }

  /**
   * Answers with the first response that is no redirect; its body must be read or destroyed.
   * @param verify whether certificates of the URL's own host have to be trusted; those of hosts it redirects to always
   */
  async send(url: URL, verify: boolean, request: TransportRequest): Promise<Response> {
    let current = url;
    for (let redirects = 0; ; redirects += 1) {
      const ownHost = current.host === url.host;
      const response = await this.#dispatcher(current, verify || !ownHost).request({
        origin: current.origin,
        path: current.pathname + current.search,
        method: request.method,
        headers: ownHost ? request.headers : withoutCredentials(request.headers),
        headersTimeout: this.#silence,
        bodyTimeout: this.#silence,
        ...(request.body === undefined ? {} : { body: bodyOf(request.body) }),
        ...(request.signal === undefined ? {} : { signal: request.signal }),
      });
      const location = response.headers.location;
      if (!REDIRECTS.has(response.statusCode) || typeof location !== 'string') return response;
      await response.body.dump();
      if (redirects === MAX_REDIRECTS || !URL.canParse(location, current)) {
        throw new RedirectError(current.host);
      }
      current = new URL(location, current);
      if (current.protocol !== 'http:' && current.protocol !== 'https:') throw new RedirectError(url.host);
    }
  }

  /** Ends what is under way and closes all connections. */
  async close(): Promise<void> {
    await Promise.all([...this.#dispatchers.values()].map((dispatcher) => dispatcher.destroy()));
    this.#dispatchers.clear();
  }

  #dispatcher(url: URL, verify: boolean): Dispatcher {
    const key = url.protocol === 'http:' ? `http ${isLoopback(url.host)}` : `${url.host} ${verify}`;
    const known = this.#dispatchers.get(key);
    if (known !== undefined) return known;
    const made = this.#make(url, verify);
    this.#dispatchers.set(key, made);
    return made;
  }

  #make(url: URL, verify: boolean): Dispatcher {
    const tls =
      url.protocol === 'http:'
        ? {}
        : {
            secureContext: secureContext(url.host, this.#env.HOME ?? homedir()),
            rejectUnauthorized: verify,
          };
    const connect = { timeout: CONNECT_TIMEOUT_MS, ...tls };
    const options = { connections: CONNECTIONS, connect };
    const proxied = Object.keys(this.#env).some((name) => /^https?_proxy$/i.test(name));
    // As Go's clients do, a proxy is never asked for this machine itself.
    if (!proxied || isLoopback(url.host)) return new Agent(options);
    const { http_proxy, https_proxy, no_proxy, HTTP_PROXY, HTTPS_PROXY, NO_PROXY } = this.#env;
    return new EnvHttpProxyAgent({
      connections: CONNECTIONS,
      requestTls: connect,
      httpProxy: http_proxy ?? HTTP_PROXY ?? '',
      httpsProxy: https_proxy ?? HTTPS_PROXY ?? '',
      noProxy: no_proxy ?? NO_PROXY ?? '',
    });
  }
}

function bodyOf(body: NonNullable<TransportRequest['body']>): string | Uint8Array | Readable {
  return typeof body === 'function' ? Readable.from(body(), { objectMode: false }) : body;
}

/** Redirects without end, or to somewhere that can't be followed. */
export class RedirectError extends Error {}

function withoutCredentials(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'authorization'));
}
