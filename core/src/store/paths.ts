import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from './errno.ts';
import { directoryMode, ensurePrivateDirectory, unusable } from './private-directory.ts';
import { type Environment, openStateRoot } from './root.ts';
import { openRuntimeDirectory } from './runtime-directory.ts';

/** Where everything lies. Nothing in the state names an absolute path, so that it can be moved. */
export interface StatePaths {
  readonly root: string;
  /** File system of the state directory, by the name of mount(8). */
  readonly filesystem: string;
  /** What the user should hear once about where the state lies. */
  readonly notice?: string;
  readonly database: string;
  /** OCI image layout. */
  readonly images: string;
  readonly containers: string;
  readonly volumes: string;
  /** Where monitors tell events. */
  readonly events: string;
  /** Installed drivers, a directory each. */
  readonly plugins: string;
  /** Unfinished files, by owner; see `Temporary`. */
  readonly temporary: string;
  /** Beginnings of blobs whose fetching was broken off; see `PartialBlobs`. */
  readonly partial: string;
  /** `layers:` of a storage driver. */
  layers(storageDriver: string): string;
  /** `state:` of a driver. */
  driver(kind: 'storage' | 'network' | 'log', name: string): string;
  /** `container:` of a container, by its full id. */
  container(id: string): string;
  /** A volume's files. */
  volume(name: string): string;
  /** The run-time directory (`runtime:`); looked for and made at the first call. */
  runtime(): string;
}

export interface PathOptions {
  readonly root?: string | undefined;
  readonly env: Environment;
  /** Effective user id. */
  readonly uid: number;
}

/**
 * Finds the state directory and makes what every command relies on.
 * @throws WherryError `E_STATE_DIRECTORY`, `E_UNSAFE_DIRECTORY`
 */
export function openPaths({ root: asked, env, uid }: PathOptions): StatePaths {
  const { path: root, filesystem, notice } = openStateRoot(env, uid, asked);
  // Not by `join`, which looks at each character of what is normal already: each command is here.
  const at = (name: string): string => `${root === '/' ? '' : root}/${name}`;
  let runtime: string | undefined;
  return {
    root,
    filesystem,
    ...(notice === undefined ? {} : { notice }),
    database: at('wherry.db'),
    images: at('images'),
    containers: at('containers'),
    volumes: at('volumes'),
    events: at('events'),
    plugins: at('plugins'),
    temporary: at('tmp'),
    partial: at('partial'),
    layers: (driver) => join(root, 'storage', driver),
    driver: (kind, name) => join(root, 'drivers', `${kind}-${name}`),
    container: (id) => join(root, 'containers', id),
    volume: (name) => join(root, 'volumes', name, '_data'),
    runtime() {
      runtime ??= openRuntimeDirectory(root, env, uid);
      return runtime;
    },
  };
}

/** Makes the directories of a new state. Called with the first opening of the database; harmless later. */
export function makeLayout(paths: StatePaths, uid: number): void {
  const mode = directoryMode(uid);
  for (const path of [paths.images, paths.containers, paths.volumes, paths.temporary]) {
    try {
      // Not recursively: on a read-only file system that says ENOENT.
      if (!existsSync(path)) mkdirSync(path);
      // Whatever the umask is.
      chmodSync(path, mode);
    } catch (error) {
      // Another first command was quicker.
      if (errnoOf(error) !== 'EEXIST') throw unusable(path, error);
    }
  }
  for (const name of ['storage', 'drivers']) ensurePrivateDirectory(join(paths.root, name), uid);
}
