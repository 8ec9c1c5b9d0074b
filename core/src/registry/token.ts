import type { WherryError } from '../errors/error.ts';
import { readBody } from './body.ts';
import type { Challenge } from './challenge.ts';
import type { Credentials } from './credentials.ts';
import { badReply } from './failure.ts';
import type { Transport } from './transport.ts';

const CLIENT_ID = 'wherry';
const MAX_TOKEN_BYTES = 1 << 20;
/** A token that expires within this time isn't used any more. */
const EXPIRY_MARGIN_MS = 5_000;
/** What the specification says for a token without `expires_in`. */
const DEFAULT_LIFETIME_S = 60;

export interface Token {
  /** For `Authorization`. */
  readonly header: string;
  /** ms since 1970. */
  readonly expires: number;
  /** What stands for the password from now on, when it was asked for and the server gives any. */
  readonly refreshToken?: string;
}

export interface TokenRequest {
  /** `host[:port]` as the user knows it. */
  readonly registry: string;
  /** `realm`, `service` and `scope` of the challenge; scopes are separated by spaces. */
  readonly parameters: Challenge['parameters'];
  readonly credentials: Credentials | undefined;
  /** Whether the registry's certificate was checked. */
  readonly verify: boolean;
  /** Asks for a refresh token as well. */
  readonly offline?: boolean;
  readonly signal?: AbortSignal | undefined;
  /** The error when no token is given, by its reason. */
  denied(reason: string): WherryError;
}

/**
 * The token flow of distribution (docs/spec/auth/token.md, and oauth.md for refresh tokens).
 * @throws WherryError `E_REGISTRY_REPLY`, and what `denied` makes
 */
export async function fetchToken(transport: Transport, request: TokenRequest): Promise<Token> {
  const { registry, parameters, credentials, verify, signal } = request;
  const { realm = '', service, scope = '' } = parameters;
  if (!URL.canParse(realm) || !/^https?:/.test(realm)) {
    throw badReply(registry, `names no address to get a token from: "${realm}"`);
  }
  const url = new URL(realm);
  // A password never leaves by plain HTTP on the word of a registry that was reached by HTTPS.
  const trusted = url.protocol === 'https:' || !verify ? credentials : undefined;
  const refresh = trusted !== undefined && 'identityToken' in trusted;
  const query = new URLSearchParams(service === undefined ? {} : { service });
  if (refresh) {
    if (scope !== '') query.set('scope', scope);
    query.set('grant_type', 'refresh_token');
    query.set('refresh_token', trusted.identityToken);
    query.set('client_id', CLIENT_ID);
  } else {
    for (const each of scope.split(' ').filter(Boolean)) query.append('scope', each);
    if (request.offline) {
      query.set('offline_token', 'true');
      query.set('client_id', CLIENT_ID);
    }
    if (trusted !== undefined) query.set('account', trusted.username);
    for (const [name, value] of query) url.searchParams.append(name, value);
  }
  const response = await transport.send(url, verify, {
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
    throw request.denied(
      credentials === undefined
        ? 'it gives out no token without a login'
        : 'the user name or password is wrong',
    );
  }
  if (response.statusCode !== 200) {
    throw badReply(registry, `gave no token: ${url.host} answered with status ${response.statusCode}`);
  }
  return parseToken(body, registry, url.host);
}

export function basicHeader({ username, password }: { username: string; password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function parseToken(body: Uint8Array, registry: string, host: string): Token {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(body).toString('utf8'));
  } catch (cause) {
    throw badReply(registry, `gave no token: the answer of ${host} is not JSON`, cause);
  }
  const { token, access_token, expires_in, refresh_token } = (value ?? {}) as Record<string, unknown>;
  const text = token ?? access_token;
  // Spaces and line ends in a token would let a server write headers of its own.
  if (typeof text !== 'string' || !/^[\x21-\x7e]+$/.test(text)) {
    throw badReply(registry, `gave no token: there is none in the answer of ${host}`);
  }
  const lifetime = typeof expires_in === 'number' && expires_in > 0 ? expires_in : DEFAULT_LIFETIME_S;
  return {
    header: `Bearer ${text}`,
    expires: Date.now() + lifetime * 1000 - EXPIRY_MARGIN_MS,
    ...(typeof refresh_token === 'string' && refresh_token !== '' ? { refreshToken: refresh_token } : {}),
  };
}
