import { dirname } from 'node:path';
import type { ContainerOperation, MountFlag, Propagation } from '../program/operation.ts';
import type { ImageMount, Mount, VolumeMount } from './mount.ts';
import { volumeSource } from './options.ts';

export interface MountPlaces {
  /** A volume's files: `volumes/NAME/_data`. */
  readonly volume: (name: string) => string;
  readonly optionsOf: (volume: string) => Readonly<Record<string, string>>;
  /** Whether volumes are to be filled: until the container has run for the first time. */
  readonly fill: boolean;
  /** What shows an image's files. */
  readonly image: (mount: ImageMount) => ContainerOperation;
  /** For `U`: the container's user, by ids of the common user namespace; undefined where all files have one owner. */
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
  /** Whom a new volume belongs to that isn't filled, where that isn't the user; likewise. */
  readonly newOwner?: { readonly uid: number; readonly gid: number } | undefined;
  /** Whether a volume has no files yet. */
  readonly isEmpty?: (volume: string) => boolean;
}

export interface MountOperations {
  /** To be done as soon as the root is there, before anything is mounted over it. */
  readonly fill: readonly ContainerOperation[];
  readonly mounts: readonly ContainerOperation[];
}

/** The operations of a launch program that bring a container's mounts about, in the order given. */
export function mountOperations(mounts: readonly Mount[], places: MountPlaces): MountOperations {
  return {
    fill: mounts.flatMap((mount) => [...copyUp(mount, places), ...give(mount, places)]),
    mounts: mounts.map((mount) => mountOperation(mount, places)),
  };
}

function mountOperation(mount: Mount, places: MountPlaces): ContainerOperation {
  const { target, readOnly } = mount;
  switch (mount.kind) {
    case 'bind':
      return bind(mount.source, target, { ...mount, subpath: undefined });
    case 'tmpfs':
      return tmpfs(target, mount.options, withReadOnly(mount.flags, readOnly));
    case 'image':
      return places.image(mount);
    case 'volume': {
      const source = volumeSource(places.optionsOf(mount.name));
      if (source.kind === 'tmpfs') {
        return tmpfs(target, source.options, withReadOnly(source.flags, readOnly || source.readOnly));
      }
      const { subpath } = mount;
      if (source.kind === 'directory') {
        return bind(places.volume(mount.name), target, { ...DIRECTORY, readOnly, subpath });
      }
      return bind(source.device, target, {
        recursive: source.recursive,
        propagation: 'rprivate',
        readOnly: readOnly || source.readOnly,
        subpath,
      });
    }
  }
}

const DIRECTORY = { recursive: true, propagation: 'rprivate' } as const;

interface BindOptions {
  readonly recursive: boolean;
  readonly propagation: Propagation;
  readonly readOnly: boolean;
  readonly subpath: string | undefined;
}

function bind(
  source: string,
  target: string,
  { recursive, propagation, readOnly, subpath }: BindOptions,
): ContainerOperation {
  return {
    op: 'bind',
    source,
    target,
    recursive,
    flags: readOnly ? ['readonly'] : [],
    propagation,
    ...(subpath === undefined ? {} : { subpath }),
  };
}

function tmpfs(target: string, options: readonly string[], flags: readonly MountFlag[]): ContainerOperation {
  return { op: 'mount', type: 'tmpfs', source: 'tmpfs', target, options, flags };
}

function withReadOnly(flags: readonly MountFlag[], readOnly: boolean): readonly MountFlag[] {
  return readOnly && !flags.includes('readonly') ? [...flags, 'readonly'] : flags;
}

/** Only a volume's own directory is filled: one of the host belongs to others, and memory is the container's. */
function copyUp(mount: Mount, places: MountPlaces): readonly ContainerOperation[] {
  if (mount.kind !== 'volume' || !places.fill || !fills(mount, places)) return [];
  return [{ op: 'copy-up', source: mount.target, volume: dirname(places.volume(mount.name)) }];
}

function fills({ copyUp, subpath, name }: VolumeMount, { optionsOf }: MountPlaces): boolean {
  return copyUp && subpath === undefined && volumeSource(optionsOf(name)).kind === 'directory';
}

function giveNew(mount: VolumeMount, places: MountPlaces): readonly ContainerOperation[] {
  const { fill, newOwner, isEmpty } = places;
  if (newOwner === undefined || !fill || fills(mount, places) || !isEmpty?.(mount.name)) return [];
  if (volumeSource(places.optionsOf(mount.name)).kind !== 'directory') return [];
  return [{ op: 'give', path: places.volume(mount.name), ...newOwner }];
}

function give(mount: Mount, places: MountPlaces): readonly ContainerOperation[] {
  const { owner, volume, optionsOf } = places;
  if (mount.kind === 'volume' && !mount.chown) return giveNew(mount, places);
  if (owner === undefined || (mount.kind !== 'bind' && mount.kind !== 'volume') || !mount.chown) return [];
  if (mount.kind === 'bind') return [{ op: 'give', path: mount.source, ...owner }];
  const source = volumeSource(optionsOf(mount.name));
  if (source.kind === 'tmpfs') return [];
  return [{ op: 'give', path: source.kind === 'bind' ? source.device : volume(mount.name), ...owner }];
}
