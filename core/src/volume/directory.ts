import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errnoOf, explainWriteFailure } from '../store/errno.ts';
import { randomHex } from '../store/random.ts';
import type { Store } from '../store/store.ts';

/** The host's ids of the containers' root, where these aren't the user's own. */
export interface MappedRoot {
  readonly uid: number;
  readonly gid: number;
}

type Places = Pick<Store, 'paths'>;

/** No volume's name begins with a dot. */
const REMOVED = '.removed-';

/**
 * Makes a volume's directory, if it isn't there: `volumes/NAME`, which is the user's alone, and `_data` in it, whose owner and
 * mode are what containers see until the image's content is copied over them.
 * @throws WherryError `E_NO_SPACE`, `E_STATE_READ_ONLY`
 */
export function makeVolumeDirectory(
  { paths }: Places,
  name: string,
  mappedRoot: MappedRoot | undefined,
): void {
  const data = paths.volume(name);
  try {
    makeOwned(dirname(data), mappedRoot === undefined ? 0o700 : 0o711, mappedRoot);
    makeOwned(data, 0o755, mappedRoot);
  } catch (error) {
    throw explainWriteFailure(error, `the volume ${name}`);
  }
}

/** Whether there is anything under a volume's name, known to the database or not. */
export function hasVolumeDirectory({ paths }: Places, name: string): boolean {
  return lstatSync(join(paths.volumes, name), { throwIfNoEntry: false }) !== undefined;
}

/**
 * Moves a volume's directory to where it may be removed without haste; its name is free at once.
 * @returns the new path, undefined when there was nothing
 */
export function takeAway({ paths }: Places, name: string): string | undefined {
  const path = join(paths.volumes, `${REMOVED}${randomHex(8)}`);
  try {
    renameSync(join(paths.volumes, name), path);
    return path;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw explainWriteFailure(error, `the volume ${name}`);
  }
}

/** Takes back what `takeAway` did. */
export function bringBack({ paths }: Places, name: string, path: string): void {
  renameSync(path, join(paths.volumes, name));
}

/** What was taken away and never removed, because the command was killed. */
export function takenAway({ paths }: Places): string[] {
  return readdirSync(paths.volumes)
    .filter((name) => name.startsWith(REMOVED))
    .map((name) => join(paths.volumes, name));
}

function makeOwned(path: string, mode: number, owner: MappedRoot | undefined): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return;
    throw error;
  }
  // Whatever the umask is: others than root inside have to get in.
  chmodSync(path, mode);
  if (owner !== undefined) chownSync(path, owner.uid, owner.gid);
}
