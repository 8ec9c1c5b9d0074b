import { accessSync, constants, existsSync, realpathSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { WherryError } from '../errors/error.ts';
import type { Store } from '../store/store.ts';

/** Who plans the mounts of one: the core itself, in the place of a storage driver. */
export const ROOTFS_DRIVER = 'rootfs';

/** A directory of the host that is a container's root file system, with `--rootfs`. */
export interface RootDirectory {
  /** Absolute, without links. */
  readonly path: string;
  /**
   * `direct`: the container writes to the directory itself. `overlay` and `copy`: it is left as it is, and what the container
   * writes is kept apart, above it or in a copy of it.
   */
  readonly mode: 'direct' | 'overlay' | 'copy';
}

/**
 * Reads `PATH` or `PATH:O`, as podman has them, and looks whether the directory can be a root.
 * @param storageDriver The driver that fits the machine: overlays are made where it makes them.
 * @throws WherryError `E_ROOTFS`
 */
export function findRootDirectory(
  text: string,
  { paths }: Pick<Store, 'paths'>,
  storageDriver: string,
): RootDirectory {
  const [, asked = '', option] = /^(.*?)(?::(O|idmap(?:=.*)?))?$/s.exec(text) ?? [];
  if (option?.startsWith('idmap') === true) {
    throw rootfsError(
      `--rootfs ${text}: the ids of a directory can't be mapped: an idmapped mount of a file system of the host takes privilege.`,
      'Leave :idmap out; your own files belong to root inside.',
    );
  }
  const path = usable(asked);
  for (const own of [paths.root, paths.runtime()]) {
    const state = real(own) ?? own;
    if (isIn(state, path)) {
      throw rootfsError(
        `${asked} can't be a root file system: Wherry's own state is in it, at ${state}, with sockets by which a container could act as you outside.`,
        'Name a directory that holds a root file system and nothing else.',
      );
    }
  }
  const { root, images, containers, events, temporary } = paths;
  for (const part of [join(root, 'storage'), join(root, 'drivers'), images, containers, events, temporary]) {
    if (!isIn(path, real(part) ?? part)) continue;
    throw rootfsError(
      `${asked} can't be a root file system: it is part of Wherry's own state.`,
      'Run the image that it is of, or export it: wherry export CONTAINER | tar -x -C DIRECTORY.',
    );
  }
  if (option === undefined) checkMountPoints(path);
  return { path, mode: option === 'O' ? (storageDriver === 'overlay' ? 'overlay' : 'copy') : 'direct' };
}

/** What every container has mounted in its root; whoever can't write to the directory can't make it there. */
function checkMountPoints(path: string): void {
  const missing = ['dev', 'proc', 'sys'].find((name) => !existsSync(join(path, name)));
  if (missing === undefined || process.getuid?.() === 0) return;
  try {
    accessSync(path, constants.W_OK);
  } catch (cause) {
    throw rootfsError(
      `${path} can't be a root file system: it has no /${missing}, and you may not make one in it.`,
      `Leave the directory as it is, and have changes kept apart: --rootfs ${path}:O.`,
      cause,
    );
  }
}

/** Looks once more, at a start. @throws WherryError `E_ROOTFS` */
export function checkRootDirectory({ path }: RootDirectory): void {
  const found = usable(path);
  // What a link leads to now was never looked at.
  if (found !== path) throw unusable(path, `it leads to ${found} now`);
}

function usable(asked: string): string {
  if (asked === '') throw unusable(asked, 'it names no directory');
  try {
    const path = realpathSync(resolve('/', asked));
    if (!statSync(path).isDirectory()) throw unusable(asked, 'not a directory');
    // Root's containers aren't root: what they may read is for the launcher to find.
    if (process.getuid?.() !== 0) accessSync(path, constants.R_OK | constants.X_OK);
    return path;
  } catch (error) {
    if (error instanceof WherryError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw unusable(asked, 'no such directory');
    if (code === 'EACCES') throw unusable(asked, 'permission denied', error);
    throw unusable(asked, (error as Error).message, error);
  }
}

function real(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

const isIn = (path: string, directory: string): boolean =>
  path === directory || directory === '/' || path.startsWith(`${directory}/`);

function unusable(path: string, why: string, cause?: unknown): WherryError {
  return rootfsError(
    `The root file system ${JSON.stringify(path)} can't be used: ${why}.`,
    'With --rootfs, the first argument is a directory that you may read, in the place of an image.',
    cause,
  );
}

function rootfsError(sentence: string, hint: string, cause?: unknown): WherryError {
  return new WherryError(sentence, {
    code: 'E_ROOTFS',
    hint,
    ...(cause === undefined ? {} : { cause }),
  });
}
