import { execFile } from 'node:child_process';
import { WherryError } from '../errors/error.ts';
import type { Credentials } from './credentials.ts';

const TIMEOUT_MS = 30_000;
/** The user name that stands for "this is a token" (docker-credential-helpers). */
const TOKEN_USER = '<token>';

/** `docker-credential-NAME get`. No credentials is an answer; no helper is a failure. @throws WherryError `E_REGISTRY_CREDENTIALS` */
export async function askHelper(name: string, registry: string): Promise<Credentials | undefined> {
  const { stdout, failure } = await run(name, 'get', `${registry}\n`);
  if (failure !== undefined) {
    if (isNotFound(stdout)) return undefined;
    throw failed(name, 'get', registry, stdout, failure);
  }
  try {
    const { Username, Secret } = JSON.parse(stdout) as { Username?: string; Secret?: string };
    if (!Username || Secret === undefined) return undefined;
    return Username === TOKEN_USER ? { identityToken: Secret } : { username: Username, password: Secret };
  } catch (cause) {
    throw failed(name, 'get', registry, '', cause);
  }
}

/** `docker-credential-NAME store`. @throws WherryError `E_REGISTRY_CREDENTIALS` */
export async function storeInHelper(name: string, registry: string, credentials: Credentials): Promise<void> {
  const [Username, Secret] =
    'identityToken' in credentials
      ? [TOKEN_USER, credentials.identityToken]
      : [credentials.username, credentials.password];
  const { stdout, failure } = await run(
    name,
    'store',
    JSON.stringify({ ServerURL: registry, Username, Secret }),
  );
  if (failure !== undefined) throw failed(name, 'store', registry, stdout, failure);
}

/** `docker-credential-NAME erase`; what isn't there is erased already. @throws WherryError `E_REGISTRY_CREDENTIALS` */
export async function eraseFromHelper(name: string, registry: string): Promise<void> {
  const { stdout, failure } = await run(name, 'erase', `${registry}\n`);
  if (failure !== undefined && !isNotFound(stdout)) throw failed(name, 'erase', registry, stdout, failure);
}

function isNotFound(stdout: string): boolean {
  return /credentials not found/i.test(stdout);
}

function run(
  name: string,
  action: 'get' | 'store' | 'erase',
  input: string,
): Promise<{ stdout: string; failure: Error | undefined }> {
  return new Promise((resolve) => {
    const child = execFile(`docker-credential-${name}`, [action], { timeout: TIMEOUT_MS }, (error, stdout) =>
      resolve({ stdout, failure: error ?? undefined }),
    );
    // A helper that is missing or doesn't read closes the pipe; the exit says more.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}

function failed(name: string, action: string, registry: string, said: string, cause: unknown): WherryError {
  const program = `docker-credential-${name}`;
  // A helper says on standard output what is wrong; it may be anything, and goes to a terminal.
  const words = said
    .replace(/[^\x20-\x7e]+/g, ' ')
    .trim()
    .slice(0, 200);
  return new WherryError(
    `The credential helper ${program} failed to ${action} the credentials for ${registry}${words === '' ? '' : `: ${words}`}.`,
    {
      code: 'E_REGISTRY_CREDENTIALS',
      hint: `Run "echo ${registry} | ${program} get" to see why, or take it out of ~/.docker/config.json.`,
      cause,
    },
  );
}
