import { homedir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_DOMAIN } from '../reference/reference.ts';
import type { Environment } from '../store/root.ts';
import { type AuthConfig, type AuthEntry, brokenAuthFile, readAuthFile } from './auth-file.ts';
import { askHelper } from './credential-helper.ts';

/** Who a registry is told one is. `identityToken` is an OAuth2 refresh token in place of a password. */
export type Credentials =
  | { readonly username: string; readonly password: string }
  | { readonly identityToken: string };

/** The name under which Docker Hub's credentials are kept. */
const HUB_KEY = 'https://index.docker.io/v1/';

/** The file that a login is kept in: `$REGISTRY_AUTH_FILE`, else Docker's. */
export function loginFile(env: Environment): string {
  return (
    env.REGISTRY_AUTH_FILE || join(env.DOCKER_CONFIG || join(env.HOME || homedir(), '.docker'), 'config.json')
  );
}

/**
 * Files that `wherry login`, `docker login` and `podman login` write, in the order in which they are asked; `$REGISTRY_AUTH_FILE`
 * is the only one when it is set.
 */
export function credentialFiles(env: Environment, uid: number): readonly string[] {
  if (env.REGISTRY_AUTH_FILE) return [env.REGISTRY_AUTH_FILE];
  return [
    loginFile(env),
    join(env.XDG_RUNTIME_DIR || `/run/user/${uid}`, 'containers/auth.json'),
    join(env.HOME || homedir(), '.config/containers/auth.json'),
  ];
}

/**
 * The credentials for a repository, if the user has any: an entry of `auths` for the longest prefix of `domain/path`, or what the
 * credential helper says of the registry.
 * @throws WherryError `E_REGISTRY_CREDENTIALS` when a file or a helper is broken
 */
export async function findCredentials(
  domain: string,
  path: string,
  files: readonly string[],
): Promise<Credentials | undefined> {
  for (const file of files) {
    const config = readAuthFile(file);
    if (config === undefined) continue;
    const found = await inConfig(config, file, domain, path);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function inConfig(
  config: AuthConfig,
  file: string,
  domain: string,
  path: string,
): Promise<Credentials | undefined> {
  const helper = helperFor(config, domain);
  if (helper !== undefined) {
    const found = await askHelper(helper, credentialKey(domain));
    if (found !== undefined) return found;
  }
  for (const key of keysFor(domain, path)) {
    const entry = config.auths?.[key];
    const found = entry === undefined ? undefined : parseEntry(entry, file, key);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The name under which a registry's credentials are kept. */
export function credentialKey(domain: string): string {
  return domain === DEFAULT_DOMAIN ? HUB_KEY : domain;
}

/** The helper that a file names for a registry. */
export function helperFor({ credHelpers, credsStore }: AuthConfig, domain: string): string | undefined {
  return credHelpers?.[credentialKey(domain)] ?? credHelpers?.[domain] ?? (credsStore || undefined);
}

/** `auths` keys from the most particular to the registry itself (containers-auth.json(5)). */
function keysFor(domain: string, path: string): readonly string[] {
  const parts = path.split('/');
  const prefixes = parts.map((_, index) => [domain, ...parts.slice(0, parts.length - index)].join('/'));
  return [...prefixes, ...keysOfRegistry(domain)];
}

/** Every key that stands for the whole of a registry. */
export function keysOfRegistry(domain: string): readonly string[] {
  const aliases = domain === DEFAULT_DOMAIN ? [HUB_KEY, 'index.docker.io', 'registry-1.docker.io'] : [];
  const urls = ['https', 'http'].flatMap((scheme) =>
    ['', '/', '/v1/', '/v2/'].map((end) => `${scheme}://${domain}${end}`),
  );
  return [domain, ...urls, ...aliases];
}

function parseEntry(entry: AuthEntry, file: string, key: string): Credentials | undefined {
  if (entry.identitytoken) return { identityToken: entry.identitytoken };
  if (entry.auth) {
    const text = Buffer.from(entry.auth, 'base64').toString('utf8').replace(/\0+$/, '');
    const colon = text.indexOf(':');
    if (colon < 1)
      throw brokenAuthFile(file, new Error(`the entry for ${key} is not base64 of user:password`));
    return { username: text.slice(0, colon), password: text.slice(colon + 1) };
  }
  if (entry.username) return { username: entry.username, password: entry.password ?? '' };
  return undefined;
}
