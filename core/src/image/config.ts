import { createHash } from 'node:crypto';
import type { ImageConfig } from '../api.ts';
import { isDigest } from '../blob/digest.ts';
import { WherryError } from '../errors/error.ts';
import type { Platform } from './platform.ts';

/** A configuration larger than this is not read into memory. */
export const MAX_CONFIG_BYTES = 8 << 20;

/** An image's configuration (OCI image specification, "config"), as far as it is used. */
export interface ConfigDocument {
  readonly platform: Platform;
  /** RFC 3339; the beginning of Unix time when the image doesn't say. */
  readonly created: string;
  readonly config: ImageConfig;
  readonly diffIds: readonly string[];
}

/**
 * Parses and checks a configuration against its manifest.
 * @param layers how many the manifest has
 * @throws WherryError `E_IMAGE_CONFIG`
 */
export function parseConfig(name: string, text: string, layers: number): ConfigDocument {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid(name, 'it is not JSON', cause);
  }
  const { os, architecture, variant, created, config, rootfs } = object(value);
  const { diff_ids: diffIds } = object(rootfs);
  if (!Array.isArray(diffIds)) throw invalid(name, 'it has no list of layers (rootfs.diff_ids)');
  if (!diffIds.every((each): each is string => typeof each === 'string' && isDigest(each))) {
    throw invalid(name, 'its list of layers has an entry that is no digest');
  }
  if (diffIds.length !== layers) {
    throw invalid(name, `it lists ${diffIds.length} layers and the manifest ${layers}`);
  }
  const platform = {
    os: typeof os === 'string' && os !== '' ? os : 'linux',
    architecture: typeof architecture === 'string' ? architecture : '',
    ...(typeof variant === 'string' && variant !== '' ? { variant } : {}),
  };
  if (platform.os !== 'linux') throw invalid(name, `it is for ${platform.os}, not for Linux`);
  return {
    platform,
    created:
      typeof created === 'string' && !Number.isNaN(Date.parse(created)) ? created : '1970-01-01T00:00:00Z',
    config: parseImageConfig(name, object(config)),
    diffIds,
  };
}

/** Chain ids from the bottom layer up (OCI image specification, "Layer ChainID"). */
export function chainIds(diffIds: readonly string[]): readonly string[] {
  const chain: string[] = [];
  for (const diffId of diffIds) {
    const below = chain.at(-1);
    chain.push(
      below === undefined
        ? diffId
        : `sha256:${createHash('sha256').update(`${below} ${diffId}`).digest('hex')}`,
    );
  }
  return chain;
}

type Json = Readonly<Record<string, unknown>>;
type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string';
const isTextList: Check = (value) => Array.isArray(value) && value.every(isText);
const isMap: Check = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const isTextMap: Check = (value) => isMap(value) && Object.values(value as Json).every(isText);

/** Every field that is used, and the shape that it has to have. */
const FIELDS: Readonly<Record<keyof ImageConfig, Check>> = {
  User: isText,
  ExposedPorts: isMap,
  Env: isTextList,
  Entrypoint: isTextList,
  Cmd: isTextList,
  Volumes: isMap,
  WorkingDir: isText,
  Labels: isTextMap,
  StopSignal: isText,
  Healthcheck: isMap,
  Shell: isTextList,
  OnBuild: isTextList,
};

function parseImageConfig(name: string, value: Json): ImageConfig {
  const entries = Object.entries(FIELDS).flatMap(([field, check]) => {
    const found = value[field];
    if (found === undefined || found === null) return [];
    if (!check(found)) throw invalid(name, `its field config.${field} has a wrong form`);
    return [[field, found] as const];
  });
  return Object.fromEntries(entries);
}

function object(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

function invalid(name: string, reason: string, cause?: unknown): WherryError {
  return new WherryError(`The configuration of ${name} can't be used: ${reason}.`, {
    code: 'E_IMAGE_CONFIG',
    hint: 'The image is damaged or not for this machine; whoever built it should know.',
    cause,
  });
}
