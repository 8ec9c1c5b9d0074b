import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { EXIT, WherryError } from '../errors/error.ts';
import {
  DEFAULT_SETTINGS,
  mergeSettings,
  parseSetting,
  type RegistrySettings,
} from '../registry/settings.ts';
import type { Environment } from '../store/root.ts';

/** What a user, or an administrator for all users, sets once; names as in Docker's daemon.json. */
export interface Config {
  readonly storageDriver?: string;
  readonly logDriver?: string;
  readonly logOpts?: Readonly<Record<string, string>>;
  readonly registries?: Partial<RegistrySettings>;
}

/**
 * `$XDG_CONFIG_HOME/wherry/config.json` (~/.config when unset) over /etc/wherry/config.json, setting by setting, with
 * `$WHERRY_STORAGE_DRIVER` and `$WHERRY_LOG_DRIVER` over both.
 * @throws WherryError `E_CONFIG`
 */
export function readConfig(env: Environment): Config {
  const base = env.XDG_CONFIG_HOME?.startsWith('/')
    ? env.XDG_CONFIG_HOME
    : join(env.HOME || homedir(), '.config');
  const [own = {}, system = {}] = [join(base, 'wherry/config.json'), '/etc/wherry/config.json'].map(
    (path) => {
      const text = readText(path);
      return text === undefined ? {} : parseConfig(text, path);
    },
  );
  const registries = mergeSettings(own.registries ?? {}, system.registries ?? {});
  return {
    ...system,
    ...own,
    ...(own.registries === undefined && system.registries === undefined ? {} : { registries }),
    ...(env.WHERRY_STORAGE_DRIVER ? { storageDriver: env.WHERRY_STORAGE_DRIVER } : {}),
    ...(env.WHERRY_LOG_DRIVER ? { logDriver: env.WHERRY_LOG_DRIVER } : {}),
  };
}

/** What is set on registries. @throws WherryError `E_CONFIG` */
export function registrySettings(env: Environment): RegistrySettings {
  return { ...DEFAULT_SETTINGS, ...readConfig(env).registries };
}

/** Parses a configuration file. `path` is for the error. */
export function parseConfig(text: string, path: string): Config {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid(path, (cause as Error).message, cause);
  }
  if (!isRecord(value)) throw invalid(path, 'it is not a JSON object');
  let config: Config = {};
  for (const [key, entry] of Object.entries(value)) {
    if (key === 'storage-driver' && typeof entry === 'string') config = { ...config, storageDriver: entry };
    else if (key === 'log-driver' && typeof entry === 'string') config = { ...config, logDriver: entry };
    else if (key === 'log-opts' && isTextRecord(entry)) config = { ...config, logOpts: entry };
    else
      config = {
        ...config,
        registries: mergeSettings(config.registries ?? {}, registriesOf(path, key, entry)),
      };
  }
  return config;
}

function registriesOf(path: string, key: string, value: unknown): Partial<RegistrySettings> {
  let settings: Partial<RegistrySettings> | undefined;
  try {
    settings = parseSetting(key, value);
  } catch (cause) {
    throw invalid(path, (cause as Error).message, cause);
  }
  if (settings !== undefined) return settings;
  throw invalid(path, `${JSON.stringify(key)} isn't a setting, or has a value of the wrong type`);
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isTextRecord = (value: unknown): value is Record<string, string> =>
  isRecord(value) && Object.values(value).every((entry) => typeof entry === 'string');

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw invalid(path, (error as Error).message, error);
  }
}

function invalid(path: string, reason: string, cause?: unknown): WherryError {
  return new WherryError(`The configuration file ${path} can't be used: ${reason}.`, {
    code: 'E_CONFIG',
    hint: 'It is JSON with "storage-driver", "log-driver", "log-opts", "registries" and "policy", each of them optional.',
    exitCode: EXIT.engine,
    cause,
  });
}
