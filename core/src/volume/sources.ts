import {
  accessSync,
  chownSync,
  constants,
  mkdirSync,
  readFileSync,
  realpathSync,
  type Stats,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { IdmapChoice } from '../idmap/choose.ts';
import { toInside } from '../idmap/extent.ts';
import { errnoOf } from '../store/errno.ts';
import { closedParent } from '../store/passage.ts';
import type { MappedRoot } from './directory.ts';
import { mountError } from './error.ts';
import type { Mount } from './mount.ts';
import { volumeSource } from './options.ts';
import { checkPropagation } from './propagation.ts';

type Maps = Pick<IdmapChoice, 'uids' | 'gids'>;

export interface SourceRequest {
  readonly mounts: readonly Mount[];
  /** Ids of the containers' user namespace. */
  readonly maps: Maps;
  /** The host's ids of the containers' root, where these aren't the user's own: then it has no right that the user has. */
  readonly mappedRoot?: MappedRoot | undefined;
  /** Driver options of a volume. */
  readonly optionsOf: (volume: string) => Readonly<Record<string, string>>;
}

/**
 * Looks at what is to be mounted from the host: it has to be there, or be such that it can be made, be a file or directory, and
 * readable. Makes nothing.
 * @throws WherryError `E_MOUNT_SOURCE`, `E_MOUNT_PROPAGATION`
 */
export function checkSources(request: SourceRequest): void {
  for (const source of hostSources(request)) checkSource(source, request);
  for (const mount of request.mounts) {
    if (mount.kind !== 'bind' || mount.propagation.endsWith('private')) continue;
    const { source, propagation } = mount;
    const there = look(source) === undefined ? nearestParent(source) : source;
    checkPropagation(source, realpathSync(there), propagation, readFileSync('/proc/self/mountinfo', 'utf8'));
  }
}

/**
 * Makes missing directories that `-v` names, as Docker does, and gives them to the containers' root.
 * @throws WherryError `E_MOUNT_SOURCE`
 */
export function makeSources(request: SourceRequest): void {
  for (const { path, create } of hostSources(request)) {
    if (!create || look(path) !== undefined) continue;
    try {
      giveTo(request.mappedRoot, mkdirSync(path, { recursive: true }), path);
    } catch (cause) {
      throw unmakeable(path, cause);
    }
  }
}

/** All directories from `top` down to `bottom`. */
function giveTo(owner: MappedRoot | undefined, top: string | undefined, bottom: string): void {
  if (owner === undefined || top === undefined) return;
  for (let at = bottom; at.length >= top.length; at = dirname(at)) chownSync(at, owner.uid, owner.gid);
}

interface HostSource {
  readonly path: string;
  readonly create: boolean;
}

function hostSources({ mounts, optionsOf }: SourceRequest): readonly HostSource[] {
  return mounts.flatMap((mount): HostSource[] => {
    if (mount.kind === 'bind') return [{ path: mount.source, create: mount.createSource }];
    if (mount.kind !== 'volume') return [];
    const source = volumeSource(optionsOf(mount.name));
    return source.kind === 'bind' ? [{ path: source.device, create: false }] : [];
  });
}

function checkSource({ path, create }: HostSource, { maps, mappedRoot }: SourceRequest): void {
  // Root inside may read whatever belongs to an id that it has.
  const own = ({ uid, gid }: Stats): boolean =>
    toInside(maps.uids, uid) !== undefined && toInside(maps.gids, gid) !== undefined;
  const stat = look(path);
  if (stat === undefined) {
    if (create) {
      checkMakeable(path);
      if (mappedRoot !== undefined) checkPassage(path, nearestParent(path), own);
      return;
    }
    throw sourceError(
      `invalid mount config for type "bind": bind source path does not exist: ${path}`,
      'Make it first, or use -v, which makes a missing directory.',
    );
  }
  if (!stat.isDirectory() && !stat.isFile() && !stat.isCharacterDevice()) {
    const what = stat.isSocket() ? 'a socket' : stat.isFIFO() ? 'a FIFO' : 'a block device';
    throw sourceError(
      `The bind source ${path} is ${what}, and only files and directories can be mounted.`,
      `Mount the directory that holds it: ${dirname(path)}`,
    );
  }
  if (mappedRoot !== undefined) checkPassage(path, path, own);
  const wanted = stat.isDirectory() ? constants.R_OK | constants.X_OK : constants.R_OK;
  // The bits of access(2) are those that a file's mode has for others.
  const readable = mappedRoot === undefined ? accessible(path, wanted) : (stat.mode & wanted) === wanted;
  if (own(stat) || readable) return;
  throw sourceError(
    `The bind source ${path} can't be read: permission denied.`,
    mappedRoot === undefined
      ? 'A container has no more rights to the files of this machine than you have.'
      : 'Containers of root run as ids that belong to nobody, and have no more rights than those.',
  );
}

/** @throws WherryError when a directory on the way is closed to the containers of root */
function checkPassage(path: string, existing: string, own: (stat: Stats) => boolean): void {
  const closed = closedParent(existing, own);
  if (closed === undefined) return;
  throw sourceError(
    `The bind source ${path} can't be reached: containers of root run as ids that belong to nobody, to whom ${closed} is closed.`,
    'Mount a directory elsewhere, or let others pass through that one (chmod o+x).',
  );
}

function look(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (cause) {
    const errno = errnoOf(cause);
    const reason =
      errno === 'EACCES'
        ? 'permission denied'
        : errno === 'ELOOP'
          ? 'its links lead in a circle'
          : errno === 'ENOTDIR'
            ? 'part of the path is not a directory'
            : errno === 'ENAMETOOLONG'
              ? 'the path is too long'
              : undefined;
    if (reason === undefined) throw cause;
    throw sourceError(`The bind source ${path} can't be read: ${reason}.`, 'Look at the path.', cause);
  }
}

function checkMakeable(path: string): void {
  const parent = nearestParent(path);
  if (!look(parent)?.isDirectory() || !accessible(parent, constants.W_OK | constants.X_OK)) {
    throw unmakeable(path);
  }
}

function nearestParent(path: string): string {
  const parent = dirname(path);
  return look(parent) === undefined ? nearestParent(parent) : parent;
}

function accessible(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

function unmakeable(path: string, cause?: unknown): Error {
  return sourceError(
    `The directory ${path}, to be mounted, isn't there and can't be made.`,
    'Look for a typing error in -v, or make the directory.',
    cause,
  );
}

function sourceError(sentence: string, hint: string, cause?: unknown): Error {
  return mountError('E_MOUNT_SOURCE', sentence, hint, cause);
}
