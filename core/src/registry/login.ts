import { WherryError } from '../errors/error.ts';
import { DEFAULT_DOMAIN } from '../reference/reference.ts';
import type { Environment } from '../store/root.ts';
import { readBody } from './body.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import { expectsEncryption } from './connection.ts';
import type { Credentials } from './credentials.ts';
import { badReply, connectionFailure } from './failure.ts';
import { type Endpoint, endpointsOf } from './host.ts';
import { basicHeader, fetchToken } from './token.ts';
import { type Response, Transport } from './transport.ts';

const MAX_BODY_BYTES = 1 << 20;

export interface LoginOptions {
  readonly env: Environment;
  readonly insecureRegistries: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks a registry whether it takes the credentials (distribution specification, `GET /v2/`, and docs/spec/auth/token.md).
 * @param domain `HOST[:PORT]`
 * @returns what is to be kept: the same, or the token that the registry gives in the password's place
 * @throws WherryError `E_REGISTRY_AUTH` when it refuses them, and those of the connection
 */
export async function verifyLogin(
  domain: string,
  credentials: Credentials,
  { env, insecureRegistries, signal }: LoginOptions,
): Promise<Credentials> {
  const transport = new Transport(env);
  try {
    const { response, endpoint, url } = await ping(transport, domain, insecureRegistries, signal);
    await readBody(response, MAX_BODY_BYTES);
    // A registry that asks nobody takes any name.
    if (response.statusCode === 200) return credentials;
    if (response.statusCode !== 401) throw refused(domain, url, response);
    const header = response.headers['www-authenticate'];
    const challenges = parseChallenges(Array.isArray(header) ? header.join(', ') : (header ?? ''));
    const answer = await meet(transport, domain, challenges, credentials, endpoint, signal);
    const again = await transport.send(url, endpoint.verify, {
      method: 'GET',
      headers: { authorization: answer.header },
      signal,
    });
    await readBody(again, MAX_BODY_BYTES);
    if (again.statusCode !== 200) throw refused(domain, url, again);
    return answer.refreshToken === undefined ? credentials : { identityToken: answer.refreshToken };
  } catch (error) {
    if (error instanceof WherryError || signal?.aborted) throw error;
    throw connectionFailure(domain, 'for the login', error);
  } finally {
    await transport.close();
  }
}

async function ping(
  transport: Transport,
  domain: string,
  insecure: readonly string[],
  signal: AbortSignal | undefined,
): Promise<{ response: Response; endpoint: Endpoint; url: URL }> {
  const endpoints = endpointsOf(domain, insecure);
  let failure: unknown;
  for (const endpoint of endpoints) {
    const url = new URL('/v2/', endpoint.origin);
    try {
      const response = await transport.send(url, endpoint.verify, { method: 'GET', headers: {}, signal });
      if (endpoints.length > 1 && (await expectsEncryption(response))) continue;
      return { response, endpoint, url };
    } catch (error) {
      failure ??= error;
      if (signal?.aborted) break;
    }
  }
  throw failure;
}

async function meet(
  transport: Transport,
  domain: string,
  challenges: readonly Challenge[],
  credentials: Credentials,
  endpoint: Endpoint,
  signal: AbortSignal | undefined,
): Promise<{ readonly header: string; readonly refreshToken?: string }> {
  const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
  if (bearer !== undefined) {
    return fetchToken(transport, {
      registry: domain,
      parameters: bearer.parameters,
      credentials,
      verify: endpoint.verify,
      offline: true,
      signal,
      denied: () => failed(domain, 'unauthorized: incorrect username or password'),
    });
  }
  if (challenges.some(({ scheme }) => scheme === 'basic') && 'username' in credentials) {
    return { header: basicHeader(credentials) };
  }
  throw badReply(domain, 'asks for authentication in a way that is not known');
}

function refused(domain: string, url: URL, { statusCode }: Response): WherryError {
  const words = statusCode === 401 ? '401 Unauthorized' : String(statusCode);
  return failed(domain, `login attempt to ${url.href} failed with status: ${words}`);
}

function failed(domain: string, message: string): WherryError {
  return new WherryError(message, {
    code: 'E_REGISTRY_AUTH',
    hint: `Check the user name and the password or token that ${domain === DEFAULT_DOMAIN ? 'Docker Hub' : domain} knows you by.`,
  });
}
