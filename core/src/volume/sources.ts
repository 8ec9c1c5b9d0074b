import { accessSync, constants, mkdirSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { IdmapChoice } from '../idmap/choose.ts';
import { toInside } from '../idmap/extent.ts';
import { errnoOf } from '../store/errno.ts';
import { mountError } from './error.ts';
import type { Mount } from './mount.ts';
import { volumeSource } from './options.ts';

type Maps = Pick<IdmapChoice, 'uids' | 'gids'>;

export interface SourceRequest {
  readonly mounts: readonly Mount[];
  /** Ids of the containers' user namespace. */
  readonly maps: Maps;
  /** Driver options of a volume. */
  readonly optionsOf: (volume: string) => Readonly<Record<string, string>>;
}

/**
 * Looks at what is to be mounted from the host: it has to be there, or be such that it can be made, be a file or directory, and
 * readable. Makes nothing.
 * @throws WherryError `E_MOUNT_SOURCE`
 */
export function checkSources(request: SourceRequest): void {
  for (const source of hostSources(request)) checkSource(source, request.maps);
}

/**
 * Makes missing directories that `-v` names, as Docker does.
 * @throws WherryError `E_MOUNT_SOURCE`
 */
export function makeSources(request: SourceRequest): void {
  for (const { path, create } of hostSources(request)) {
    if (!create || look(path) !== undefined) continue;
    try {
      mkdirSync(path, { recursive: true });
    } catch (cause) {
      throw unmakeable(path, cause);
    }
  }
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

function checkSource({ path, create }: HostSource, maps: Maps): void {
  const stat = look(path);
  if (stat === undefined) {
    if (create) {
      checkMakeable(path);
      return;
    }
    throw sourceError(
      `The bind source path does not exist: ${path}.`,
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
  const mode = stat.isDirectory() ? constants.R_OK | constants.X_OK : constants.R_OK;
  // Root inside may read whatever belongs to an id that it has.
  const mapped = toInside(maps.uids, stat.uid) !== undefined && toInside(maps.gids, stat.gid) !== undefined;
  if (mapped || accessible(path, mode)) return;
  throw sourceError(
    `The bind source ${path} can't be read: permission denied.`,
    'A container has no more rights to the files of this machine than you have.',
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
  let parent = dirname(path);
  while (look(parent) === undefined) parent = dirname(parent);
  if (!look(parent)?.isDirectory() || !accessible(parent, constants.W_OK | constants.X_OK)) {
    throw unmakeable(path);
  }
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
