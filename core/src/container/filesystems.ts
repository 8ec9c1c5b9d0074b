import type { ContainerOperation, MountFlag } from '../program/operation.ts';

type MountType = Extract<ContainerOperation, { readonly op: 'mount' }>['type'];

const mount = (
  type: MountType,
  target: string,
  options: readonly string[],
  flags: readonly MountFlag[],
): ContainerOperation => ({ op: 'mount', type, source: type, target, options, flags });

/** Device nodes that every container has (OCI runtime spec, "Default Devices"), bound from the host. */
const DEVICES = ['null', 'zero', 'full', 'random', 'urandom', 'tty'] as const;

const LINKS: readonly (readonly [path: string, target: string])[] = [
  ['/dev/ptmx', 'pts/ptmx'],
  ['/dev/fd', '/proc/self/fd'],
  ['/dev/stdin', '/proc/self/fd/0'],
  ['/dev/stdout', '/proc/self/fd/1'],
  ['/dev/stderr', '/proc/self/fd/2'],
  ['/dev/core', '/proc/kcore'],
];

/** Hidden from a container, as Docker does: they tell of the host, or reach into it. */
const MASKED = [
  '/proc/asound',
  '/proc/acpi',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/sys/devices/virtual/powercap',
  '/sys/firmware',
] as const;

const READ_ONLY = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'] as const;

export interface FilesystemRequest {
  readonly privileged: boolean;
  /** With the host's network, sysfs can't be mounted anew: it belongs to the network namespace. */
  readonly hostNetwork: boolean;
  /** A user namespace of one id has no group 5 for terminals. */
  readonly singleId: boolean;
  /** Bytes of /dev/shm. */
  readonly shmSize: number;
  /** Device nodes of the host beside the default ones, absolute. */
  readonly devices: readonly string[];
}

/** The file systems that the core itself gives a container, beside its root and volumes: proc, dev, sys, and in them. */
export function kernelFilesystems(request: FilesystemRequest): readonly ContainerOperation[] {
  const { privileged, singleId, shmSize, devices } = request;
  return [
    mount('proc', '/proc', [], ['nosuid', 'nodev', 'noexec']),
    mount('tmpfs', '/dev', ['mode=755', 'size=65536k'], ['nosuid']),
    mount(
      'devpts',
      '/dev/pts',
      ['newinstance', 'ptmxmode=0666', 'mode=0620', ...(singleId ? [] : ['gid=5'])],
      ['nosuid', 'noexec'],
    ),
    mount('tmpfs', '/dev/shm', ['mode=1777', `size=${shmSize}`], ['nosuid', 'nodev', 'noexec']),
    mount('mqueue', '/dev/mqueue', [], ['nosuid', 'nodev', 'noexec']),
    ...DEVICES.map((name) => device(`/dev/${name}`)),
    ...devices.map((path) => ({ ...device(path), optional: true })),
    ...LINKS.map(([path, target]) => ({ op: 'rootfs-symlink', path, target }) as const),
    ...sysFilesystem(request),
    cgroup(privileged),
  ];
}

/** What is hidden and made read-only once everything is mounted. */
export function protectedPaths(privileged: boolean): readonly ContainerOperation[] {
  if (privileged) return [];
  return [
    ...MASKED.map((path) => ({ op: 'mask', path }) as const),
    ...READ_ONLY.map((path) => ({ op: 'read-only', path }) as const),
  ];
}

type Bind = Extract<ContainerOperation, { readonly op: 'bind' }>;

function device(path: string): Bind {
  return {
    op: 'bind',
    source: path,
    target: path,
    recursive: false,
    flags: ['nosuid', 'noexec'],
    propagation: 'private',
  };
}

function sysFilesystem({ privileged, hostNetwork }: FilesystemRequest): readonly ContainerOperation[] {
  const flags: readonly MountFlag[] = ['nosuid', 'nodev', 'noexec'];
  const own: readonly MountFlag[] = privileged ? flags : ['readonly', ...flags];
  if (!hostNetwork) return [mount('sysfs', '/sys', [], own)];
  return [
    {
      op: 'bind',
      source: '/sys',
      target: '/sys',
      recursive: true,
      flags: ['readonly', ...flags],
      propagation: 'rslave',
    },
  ];
}

function cgroup(privileged: boolean): ContainerOperation {
  const flags: readonly MountFlag[] = ['nosuid', 'nodev', 'noexec'];
  return {
    op: 'mount',
    type: 'cgroup2',
    source: 'cgroup',
    target: '/sys/fs/cgroup',
    options: [],
    flags: privileged ? flags : ['readonly', ...flags],
    // Where the host has no unified hierarchy, a container has no /sys/fs/cgroup.
    optional: true,
  };
}
