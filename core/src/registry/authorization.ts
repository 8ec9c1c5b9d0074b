import { WherryError } from '../errors/error.ts';
import { readBody } from './body.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import type { Credentials } from './credentials.ts';
import { badReply } from './failure.ts';
import type { Transport } from './transport.ts';

const CLIENT_ID = 'wherry';
const MAX_TOKEN_BYTES = 1 << 20;
/** A token that expires within this time isn't used any more. */
const EXPIRY_MARGIN_MS = 5_000;
/** What the specification says for a token without `expires_in`. */
const DEFAULT_LIFETIME_S = 60;

interface Known {
  readonly header: string;
  readonly expires: number;
}

/** What a registry wants to see in `Authorization`, by repository; tokens are asked for once and used until they expire. */
export class Authorization {
  readonly #registry: string;
  readonly #transport: Transport;
  readonly #credentials: () => Promise<Credentials | undefined>;
  readonly #known = new Map<string, Known>();
  readonly #pending = new Map<string, Promise<Known>>();

  /** @param registry `host[:port]` as the user knows it */
  constructor(registry: string, transport: Transport, credentials: () => Promise<Credentials | undefined>) {
    this.#registry = registry;
    this.#transport = transport;
    this.#credentials = credentials;
  }

  /** The header for a repository, if one is known that is still good. */
  header(repository: string): string | undefined {
    const known = this.#known.get(repository);
    return known !== undefined && known.expires > Date.now() ? known.header : undefined;
  }

  /**
   * Meets the challenge of a 401. Requests that are refused at the same time share one token.
   * @param refused the header that was refused, if there was one
   * @throws WherryError `E_REGISTRY_AUTH`
   */
  async answer(
    repository: string,
    header: string,
    refused: string | undefined,
    verify: boolean,
    signal?: AbortSignal,
  ): Promise<void> {
    const current = this.header(repository);
    if (current !== undefined && current !== refused) return;
    let pending = this.#pending.get(repository);
    if (pending === undefined) {
      pending = this.#meet(repository, header, verify, signal);
      this.#pending.set(repository, pending);
    }
    try {
      this.#known.set(repository, await pending);
    } finally {
      this.#pending.delete(repository);
    }
  }

  async #meet(repository: string, header: string, verify: boolean, signal?: AbortSignal): Promise<Known> {
    const challenges = parseChallenges(header);
    const credentials = await this.#credentials();
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
    if (bearer !== undefined) return this.#fetchToken(repository, bearer, credentials, verify, signal);
    const basic = challenges.some(({ scheme }) => scheme === 'basic');
    if (basic && credentials !== undefined && 'username' in credentials) {
      return { header: basicHeader(credentials), expires: Number.POSITIVE_INFINITY };
    }
    if (basic) throw denied(this.#registry, repository, 'it asks for a user name and password');
    throw badReply(this.#registry, `asks for authentication in a way that is not known: "${header}"`);
  }

  /** The token flow of distribution (docs/spec/auth/token.md, and oauth.md for refresh tokens). */
  async #fetchToken(
    repository: string,
    { parameters }: Challenge,
    credentials: Credentials | undefined,
    verify: boolean,
    signal?: AbortSignal,
  ): Promise<Known> {
    const { realm = '', service, scope = `repository:${repository}:pull` } = parameters;
    if (!URL.canParse(realm) || !/^https?:/.test(realm)) {
      throw badReply(this.#registry, `names no address to get a token from: "${realm}"`);
    }
    const url = new URL(realm);
    // A password never leaves by plain HTTP on the word of a registry that was reached by HTTPS.
    const trusted = url.protocol === 'https:' || !verify ? credentials : undefined;
    const refresh = trusted !== undefined && 'identityToken' in trusted;
    const query = new URLSearchParams({ ...(service === undefined ? {} : { service }), scope });
    if (refresh) {
      query.set('grant_type', 'refresh_token');
      query.set('refresh_token', trusted.identityToken);
      query.set('client_id', CLIENT_ID);
    } else {
      for (const [name, value] of query) url.searchParams.append(name, value);
      if (trusted !== undefined) url.searchParams.set('account', trusted.username);
    }
    const response = await this.#transport.send(url, verify, {
      method: refresh ? 'POST' : 'GET',
      headers: {
        accept: 'application/json',
        ...(refresh ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
        ...(trusted !== undefined && 'username' in trusted ? { authorization: basicHeader(trusted) } : {}),
      },
      ...(refresh ? { body: query.toString() } : {}),
      signal,
    });
    const body = await readBody(response, MAX_TOKEN_BYTES);
    if (response.statusCode === 401 || response.statusCode === 403) {
      throw denied(
        this.#registry,
        repository,
        credentials === undefined
          ? 'it gives out no token without a login'
          : 'the user name or password is wrong',
      );
    }
    if (response.statusCode !== 200) {
      throw badReply(
        this.#registry,
        `gave no token: ${url.host} answered with status ${response.statusCode}`,
      );
    }
    return parseToken(body, this.#registry, url.host);
  }
}

/** @param reason follows "access to … is denied:" */
export function denied(registry: string, repository: string, reason: string): WherryError {
  return new WherryError(
    `Pull access denied for ${registry}/${repository}: ${reason}. The repository does not exist, or you have to log in.`,
    {
      code: 'E_REGISTRY_AUTH',
      hint: `Check the name; for a private image log in with "docker login ${registry}" or "podman login ${registry}", whose credentials Wherry reads.`,
    },
  );
}

function basicHeader({ username, password }: { username: string; password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function parseToken(body: Uint8Array, registry: string, host: string): Known {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(body).toString('utf8'));
  } catch (cause) {
    throw badReply(registry, `gave no token: the answer of ${host} is not JSON`, cause);
  }
  const { token, access_token, expires_in } = (value ?? {}) as Record<string, unknown>;
  const text = token ?? access_token;
  // Spaces and line ends in a token would let a server write headers of its own.
  if (typeof text !== 'string' || !/^[\x21-\x7e]+$/.test(text)) {
    throw badReply(registry, `gave no token: there is none in the answer of ${host}`);
  }
  const lifetime = typeof expires_in === 'number' && expires_in > 0 ? expires_in : DEFAULT_LIFETIME_S;
  return { header: `Bearer ${text}`, expires: Date.now() + lifetime * 1000 - EXPIRY_MARGIN_MS };
}
