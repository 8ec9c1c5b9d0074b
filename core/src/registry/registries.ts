/** What the commands that need no image do with registries: log in and out, search. */
import { registrySettings } from '../container/config.ts';
import { WherryError } from '../errors/error.ts';
import { DEFAULT_DOMAIN } from '../reference/reference.ts';
import type { Environment } from '../store/root.ts';
import type { RegistryOptions } from './client.ts';
import {
  type Credentials,
  credentialFiles,
  credentialKey,
  findCredentials,
  loginFile,
} from './credentials.ts';
import { forgetCredentials, type Kept, keepCredentials } from './keep-credentials.ts';
import { verifyLogin } from './login.ts';
import { type FoundImage, searchRegistry, splitTerm } from './search.ts';
import { type RegistrySettings, refuseBlocked } from './settings.ts';

export { download } from './download.ts';
export type { Credentials, FoundImage, Kept };

export interface RegistryRequest {
  readonly env: Environment;
  readonly authFile?: string | undefined;
  readonly insecureRegistries?: readonly string[];
  readonly signal?: AbortSignal;
}

export interface SearchRequest extends RegistryRequest {
  readonly term: string;
  /** Results of each registry. */
  readonly limit: number;
  /** Told of a registry that couldn't be asked, when others could. */
  readonly onFailure?: (failure: WherryError) => void;
}

/**
 * The registry of what a user types for it: `HOST[:PORT]`, a URL, nothing for Docker Hub.
 * @throws WherryError `E_REGISTRY_NAME`
 */
export function serverOf(text = DEFAULT_DOMAIN): string {
  const host = text.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
  if (['docker.io', 'index.docker.io', 'registry-1.docker.io', 'hub.docker.com'].includes(host))
    return DEFAULT_DOMAIN;
  if (/^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(?::\d+)?$/.test(host)) return host;
  throw new WherryError(`"${text}" is not the name of a registry.`, {
    code: 'E_REGISTRY_NAME',
    hint: 'Give HOST or HOST:PORT, such as ghcr.io or localhost:5000; nothing stands for Docker Hub.',
  });
}

/** As Docker calls a server in its messages. */
export function serverName(server: string): string {
  return credentialKey(server);
}

/** The credentials that are kept for a server. @throws WherryError `E_REGISTRY_CREDENTIALS` */
export async function knownLogin(server: string, request: RegistryRequest): Promise<Credentials | undefined> {
  return findCredentials(server, '', credentialFiles(environment(request), process.geteuid?.() ?? 0));
}

/**
 * Has the registry check credentials, and keeps what it takes.
 * @throws WherryError `E_REGISTRY_AUTH`, `E_REGISTRY_BLOCKED`, `E_REGISTRY_CREDENTIALS`, and those of the connection
 */
export async function logIn(
  server: string,
  credentials: Credentials,
  request: RegistryRequest,
): Promise<Kept> {
  const env = environment(request);
  const settings = registrySettings(env);
  refuseBlocked(settings, { domain: server, path: '' });
  const answered = await verifyLogin(server, credentials, {
    env,
    insecureRegistries: insecure(settings, request),
    signal: request.signal,
  });
  return keepCredentials(loginFile(env), server, answered);
}

/** @throws WherryError `E_REGISTRY_CREDENTIALS` */
export async function logOut(server: string, request: RegistryRequest): Promise<boolean> {
  return forgetCredentials(loginFile(environment(request)), server);
}

/**
 * Looks for images on the registry that the term begins with, else on each of the configuration's search order.
 * @throws WherryError `E_REGISTRY_BLOCKED`, and those of the registry when none could be asked
 */
export async function searchImages(request: SearchRequest): Promise<readonly FoundImage[]> {
  const env = environment(request);
  const settings = registrySettings(env);
  const { domain, words } = splitTerm(request.term);
  const options: RegistryOptions = {
    env,
    uid: process.geteuid?.() ?? 0,
    insecureRegistries: insecure(settings, request),
    signal: request.signal,
  };
  const found: FoundImage[] = [];
  const failures: WherryError[] = [];
  const domains = domain === undefined ? settings.search : [domain];
  for (const each of domains) {
    try {
      refuseBlocked(settings, { domain: each, path: '' });
      found.push(...(await searchRegistry(each, words, request.limit, options)));
    } catch (error) {
      if (!(error instanceof WherryError)) throw error;
      failures.push(error);
    }
  }
  const [first] = failures;
  if (first !== undefined && failures.length === domains.length) throw first;
  for (const failure of failures) request.onFailure?.(failure);
  return found;
}

function environment({ env, authFile }: RegistryRequest): Environment {
  return authFile === undefined ? env : { ...env, REGISTRY_AUTH_FILE: authFile };
}

function insecure(settings: RegistrySettings, request: RegistryRequest): readonly string[] {
  return [...settings.insecure, ...(request.insecureRegistries ?? [])];
}
