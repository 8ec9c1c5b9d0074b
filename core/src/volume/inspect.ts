import type { Mount } from './mount.ts';

/** An element of `Mounts` in Docker's `inspect` of a container, fields in Docker's order. */
export interface MountPoint {
  readonly Type: 'bind' | 'volume' | 'tmpfs' | 'image';
  readonly Name?: string;
  readonly Source: string;
  readonly Destination: string;
  readonly Driver?: string;
  readonly Mode: string;
  readonly RW: boolean;
  readonly Propagation: string;
}

/**
 * The mounts of a container as `inspect` shows them. What `--tmpfs` made is not among them, as in Docker.
 * @param mountpoint A volume's files on the host.
 */
export function inspectMounts(
  mounts: readonly Mount[],
  mountpoint: (volume: string) => string,
): readonly MountPoint[] {
  return mounts.flatMap((mount) => mountPoints(mount, mountpoint));
}

function mountPoints(mount: Mount, mountpoint: (volume: string) => string): readonly MountPoint[] {
  const common = { Destination: mount.target, RW: !mount.readOnly };
  switch (mount.kind) {
    case 'bind':
      return [
        {
          Type: 'bind',
          Source: mount.source,
          ...common,
          Mode: mount.mode,
          Propagation: mount.propagation,
        },
      ];
    case 'volume':
      return [
        {
          Type: 'volume',
          Name: mount.name,
          Source: mountpoint(mount.name),
          ...common,
          Driver: 'local',
          Mode: mount.mode,
          Propagation: '',
        },
      ];
    case 'tmpfs':
      return mount.byFlag ? [] : [{ Type: 'tmpfs', Source: '', ...common, Mode: '', Propagation: '' }];
    case 'image':
      return [{ Type: 'image', Source: mount.reference, ...common, Mode: '', Propagation: '' }];
  }
}
