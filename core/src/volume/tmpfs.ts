import type { MountFlag } from '../program/operation.ts';
import { mountError } from './error.ts';
import type { TmpfsRequest } from './request.ts';
import { parseBytes } from './size.ts';
import { checkTarget } from './target.ts';

/** What Docker sets for every tmpfs, unless told otherwise. */
const DEFAULT_FLAGS: readonly MountFlag[] = ['nosuid', 'nodev', 'noexec'];

/** tmpfs(5); with values, which the kernel reads. */
const VALUES: Readonly<Record<string, RegExp>> = {
  size: /^\d+[kmgKMG]?$|^\d{1,3}%$/,
  nr_blocks: /^\d+[kmgKMG]?$/,
  nr_inodes: /^\d+[kmgKMG]?$/,
  mode: /^[0-7]{1,4}$/,
  uid: /^\d+$/,
  gid: /^\d+$/,
};

const SET: Readonly<Record<string, MountFlag>> = {
  ro: 'readonly',
  nosuid: 'nosuid',
  nodev: 'nodev',
  noexec: 'noexec',
  noatime: 'noatime',
};
const CLEARED: Readonly<Record<string, MountFlag>> = {
  rw: 'readonly',
  suid: 'nosuid',
  dev: 'nodev',
  exec: 'noexec',
  atime: 'noatime',
};

export interface TmpfsOptions {
  readonly options: readonly string[];
  readonly flags: readonly MountFlag[];
  readonly readOnly: boolean;
}

/**
 * Reads `--tmpfs TARGET[:OPTIONS]`.
 * @throws WherryError `E_TMPFS_OPTION`, `E_MOUNT_TARGET`
 */
export function parseTmpfsFlag(spec: string): TmpfsRequest {
  const colon = spec.indexOf(':');
  const target = checkTarget(colon === -1 ? spec : spec.slice(0, colon), spec);
  const words = colon === -1 ? [] : spec.slice(colon + 1).split(',');
  return { kind: 'tmpfs', target, byFlag: true, words: words.join(','), ...tmpfsOptions(words) };
}

/**
 * Mount options of a tmpfs, the later one winning. Anyone may write to it unless `mode` says otherwise, as to /tmp.
 * @throws WherryError `E_TMPFS_OPTION`
 */
export function tmpfsOptions(words: readonly string[]): TmpfsOptions {
  const flags = new Set(DEFAULT_FLAGS);
  const values = new Map([['mode', '1777']]);
  for (const word of words) {
    if (word === '') continue;
    const equals = word.indexOf('=');
    const [name, value] = equals === -1 ? [word, undefined] : [word.slice(0, equals), word.slice(equals + 1)];
    const set = value === undefined && Object.hasOwn(SET, name) ? SET[name] : undefined;
    const cleared = value === undefined && Object.hasOwn(CLEARED, name) ? CLEARED[name] : undefined;
    if (set !== undefined) flags.add(set);
    else if (cleared !== undefined) flags.delete(cleared);
    else if (value !== undefined && Object.hasOwn(VALUES, name) && VALUES[name]?.test(value)) {
      values.set(name, value);
    } else throw invalidOption(word);
  }
  return {
    options: [...values].map(([name, value]) => `${name}=${value}`),
    flags: [...flags],
    readOnly: flags.has('readonly'),
  };
}

/** `tmpfs-size` of `--mount`: bytes, or with a unit; undefined for no size. */
export function tmpfsSize(text: string): string | undefined {
  const bytes = parseBytes(text);
  return bytes === undefined ? undefined : `size=${bytes}`;
}

function invalidOption(word: string): Error {
  return mountError(
    'E_TMPFS_OPTION',
    `Invalid tmpfs option "${word}".`,
    `Options are size, mode (octal), uid, gid, nr_inodes, nr_blocks with a value, and ${[...Object.keys(SET), ...Object.keys(CLEARED)].join(', ')}.`,
  );
}
