import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { WherryError } from '../errors/error.ts';
import { DEFAULT_DOMAIN } from '../reference/reference.ts';
import { errnoOf } from '../store/errno.ts';
import type { Environment } from '../store/root.ts';

/** Who a registry is told one is. `identityToken` is an OAuth2 refresh token in place of a password. */
export type Credentials =
  | { readonly username: string; readonly password: string }
  | { readonly identityToken: string };

/** The name under which Docker Hub's credentials are kept. */
const HUB_KEY = 'https://index.docker.io/v1/';
const HELPER_TIMEOUT_MS = 30_000;

/**
 * Files that `docker login` and `podman login` write, in the order in which they are asked; `$REGISTRY_AUTH_FILE` is the only
 * one when it is set.
 */
export function credentialFiles(env: Environment, uid: number): readonly string[] {
  if (env.REGISTRY_AUTH_FILE) return [env.REGISTRY_AUTH_FILE];
  const home = env.HOME || homedir();
  return [
    join(env.XDG_RUNTIME_DIR || `/run/user/${uid}`, 'containers/auth.json'),
    join(home, '.config/containers/auth.json'),
    join(env.DOCKER_CONFIG || join(home, '.docker'), 'config.json'),
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
    const config = readConfig(file);
    if (config === undefined) continue;
    const found = await inConfig(config, file, domain, path);
    if (found !== undefined) return found;
  }
  return undefined;
}

interface AuthConfig {
  readonly auths?: Readonly<Record<string, AuthEntry>>;
  readonly credsStore?: string;
  readonly credHelpers?: Readonly<Record<string, string>>;
}
interface AuthEntry {
  readonly auth?: string;
  readonly username?: string;
  readonly password?: string;
  readonly identitytoken?: string;
}

async function inConfig(
  config: AuthConfig,
  file: string,
  domain: string,
  path: string,
): Promise<Credentials | undefined> {
  const registry = domain === DEFAULT_DOMAIN ? HUB_KEY : domain;
  const helper = config.credHelpers?.[registry] ?? config.credHelpers?.[domain] ?? config.credsStore;
  if (helper) {
    const found = await askHelper(helper, registry);
    if (found !== undefined) return found;
  }
  for (const key of keysFor(domain, path)) {
    const entry = config.auths?.[key];
    const found = entry === undefined ? undefined : parseEntry(entry, file, key);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** `auths` keys from the most particular to the registry itself (containers-auth.json(5)). */
function keysFor(domain: string, path: string): readonly string[] {
  const parts = path.split('/');
  const prefixes = parts.map((_, index) => [domain, ...parts.slice(0, parts.length - index)].join('/'));
  const aliases = domain === DEFAULT_DOMAIN ? [HUB_KEY, 'index.docker.io', 'registry-1.docker.io'] : [];
  return [...prefixes, domain, `https://${domain}`, `https://${domain}/v1/`, `http://${domain}`, ...aliases];
}

function readConfig(file: string): AuthConfig | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(errnoOf(error) ?? '')) return undefined;
    throw broken(file, error);
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch (cause) {
    throw broken(file, cause);
  }
  throw broken(file, undefined);
}

function parseEntry(entry: AuthEntry, file: string, key: string): Credentials | undefined {
  if (entry.identitytoken) return { identityToken: entry.identitytoken };
  if (entry.auth) {
    const text = Buffer.from(entry.auth, 'base64').toString('utf8').replace(/\0+$/, '');
    const colon = text.indexOf(':');
    if (colon < 1) throw broken(file, new Error(`the entry for ${key} is not base64 of user:password`));
    return { username: text.slice(0, colon), password: text.slice(colon + 1) };
  }
  if (entry.username) return { username: entry.username, password: entry.password ?? '' };
  return undefined;
}

/** Runs `docker-credential-NAME get` (docker-credential-helpers). No credentials is an answer; no helper is a failure. */
function askHelper(name: string, registry: string): Promise<Credentials | undefined> {
  const program = `docker-credential-${name}`;
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown) =>
      reject(
        new WherryError(`The credential helper ${program} failed for ${registry}.`, {
          code: 'E_REGISTRY_CREDENTIALS',
          hint: `Run "echo ${registry} | ${program} get" to see why, or take it out of ~/.docker/config.json.`,
          cause,
        }),
      );
    const child = execFile(program, ['get'], { timeout: HELPER_TIMEOUT_MS }, (error, stdout) => {
      if (error !== null) {
        return /credentials not found/i.test(stdout) ? resolve(undefined) : fail(error);
      }
      try {
        const { Username, Secret } = JSON.parse(stdout) as { Username?: string; Secret?: string };
        if (!Username || Secret === undefined) return resolve(undefined);
        resolve(
          Username === '<token>' ? { identityToken: Secret } : { username: Username, password: Secret },
        );
      } catch (cause) {
        fail(cause);
      }
    });
    // A helper that is missing or doesn't read closes the pipe; the exit says more.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(`${registry}\n`);
  });
}

function broken(file: string, cause: unknown): WherryError {
  const detail = cause instanceof Error ? `: ${cause.message}` : '';
  return new WherryError(`The credentials file ${file} can't be used${detail}.`, {
    code: 'E_REGISTRY_CREDENTIALS',
    hint: 'Mend it, or move it away and log in again with docker login or podman login.',
    cause,
  });
}
