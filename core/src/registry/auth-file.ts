import {
  chmodSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { WherryError } from '../errors/error.ts';
import { errnoOf } from '../store/errno.ts';

/** A file of credentials as Docker and Podman write it (containers-auth.json(5)); it may hold much else. */
export interface AuthConfig {
  readonly auths?: Readonly<Record<string, AuthEntry>>;
  readonly credsStore?: string;
  readonly credHelpers?: Readonly<Record<string, string>>;
}

export interface AuthEntry {
  readonly auth?: string;
  readonly username?: string;
  readonly password?: string;
  readonly identitytoken?: string;
}

/** Undefined when there is none, or none that may be read. @throws WherryError `E_REGISTRY_CREDENTIALS` */
export function readAuthFile(file: string): AuthConfig | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(errnoOf(error) ?? '')) return undefined;
    throw brokenAuthFile(file, error);
  }
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch (cause) {
    throw brokenAuthFile(file, cause);
  }
  throw brokenAuthFile(file, undefined);
}

/**
 * Replaces a file of credentials at once, for its owner alone. Through a link, what it leads to is replaced.
 * @throws WherryError `E_REGISTRY_CREDENTIALS`
 */
export function writeAuthFile(file: string, config: AuthConfig): void {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const target = followed(file);
    const draft = `${target}.${process.pid}.tmp`;
    const fd = openSync(draft, 'wx', 0o600);
    try {
      // Whatever the umask is.
      chmodSync(draft, 0o600);
      writeSync(fd, `${JSON.stringify(config, undefined, '\t')}\n`);
      fsyncSync(fd);
      renameSync(draft, target);
    } catch (error) {
      rmSync(draft, { force: true });
      throw error;
    } finally {
      closeSync(fd);
    }
  } catch (cause) {
    throw new WherryError(`The credentials file ${file} can't be written: ${(cause as Error).message}.`, {
      code: 'E_REGISTRY_CREDENTIALS',
      hint: 'Look at its permissions and those of its directory, or name another file with --authfile.',
      cause,
    });
  }
}

function followed(file: string): string {
  try {
    return realpathSync(file);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return file;
    throw error;
  }
}

export function brokenAuthFile(file: string, cause: unknown): WherryError {
  const detail = cause instanceof Error ? `: ${cause.message}` : '';
  return new WherryError(`The credentials file ${file} can't be used${detail}.`, {
    code: 'E_REGISTRY_CREDENTIALS',
    hint: 'Mend it, or move it away and log in again with wherry login.',
    cause,
  });
}
