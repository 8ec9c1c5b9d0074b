import { readFileSync } from 'node:fs';
import { WherryError } from '@wherry/core/errors';

export interface UserConfig {
  readonly insecureRegistries: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

const KEY = 'insecure-registries';

/** `$XDG_CONFIG_HOME/wherry/config.json`, a JSON object with dockerd's key `insecure-registries`; none is an empty one. */
export function readUserConfig({ XDG_CONFIG_HOME, HOME }: Environment): UserConfig {
  const base = XDG_CONFIG_HOME?.startsWith('/') ? XDG_CONFIG_HOME : `${HOME ?? ''}/.config`;
  const file = `${base}/wherry/config.json`;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ENOTDIR')) {
      return { insecureRegistries: [] };
    }
    throw invalid(file, 'it is not readable', cause);
  }
  return parseUserConfig(text, file);
}

/** @throws WherryError `E_CONFIG` for what isn't JSON, a key that isn't known, a value of the wrong type */
export function parseUserConfig(text: string, file: string): UserConfig {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid(file, 'it is not JSON', cause);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid(file, 'it is not a JSON object');
  const unknown = Object.keys(value).find((key) => key !== KEY);
  if (unknown !== undefined) throw invalid(file, `"${unknown}" is no setting`);
  const list: unknown = Reflect.get(value, KEY) ?? [];
  if (!Array.isArray(list) || !list.every((each) => typeof each === 'string')) {
    throw invalid(file, `"${KEY}" is not a list of registries`);
  }
  return { insecureRegistries: list };
}

function invalid(file: string, why: string, cause?: unknown): WherryError {
  return new WherryError(`the configuration ${file} can't be used: ${why}`, {
    code: 'E_CONFIG',
    hint: `It holds e.g. {"${KEY}": ["registry.lan:5000"]}.`,
    exitCode: 125,
    cause,
  });
}
