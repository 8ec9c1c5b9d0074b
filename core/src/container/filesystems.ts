import { matchesGlob } from 'node:path';
import type { ContainerOperation, MountFlag } from '../program/operation.ts';
import type { Device } from './device-flag.ts';
import type { SecurityOptions } from './record.ts';
import type { LaunchSharing } from './sharing-target.ts';

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
  /** The group that terminals belong to; a user namespace of one id has none for them. */
  readonly terminalGroup: number | undefined;
  /** Bytes of /dev/shm. */
  readonly shmSize: number;
  /** Device nodes of the host beside the default ones. */
  readonly devices: readonly Device[];
  readonly sharing: LaunchSharing;
}

/** The file systems that the core itself gives a container, beside its root and volumes: proc, dev, sys, and in them. */
export function kernelFilesystems(request: FilesystemRequest): readonly ContainerOperation[] {
  const { privileged, terminalGroup: group, devices, sharing } = request;
  return [
    sharing.pid === 'host'
      ? hostTree('/proc', ['nosuid', 'nodev', 'noexec'])
      : mount('proc', '/proc', [], ['nosuid', 'nodev', 'noexec']),
    mount('tmpfs', '/dev', ['mode=755', 'size=65536k'], ['nosuid']),
    mount(
      'devpts',
      '/dev/pts',
      ['newinstance', 'ptmxmode=0666', 'mode=0620', ...(group === undefined ? [] : [`gid=${group}`])],
      ['nosuid', 'noexec'],
    ),
    ...messages(request),
    ...DEVICES.map((name) => device(`/dev/${name}`)),
    ...devices.map(({ source, target, optional = false }) => ({
      ...device(source, target),
      ...(optional ? { optional } : {}),
    })),
    ...LINKS.map(([path, target]) => ({ op: 'rootfs-symlink', path, target }) as const),
    ...sysFilesystem(request),
    sharing.cgroup === 'host'
      ? { ...hostTree('/sys/fs/cgroup', privileged ? [] : ['readonly']), optional: true }
      : cgroup(privileged),
  ];
}

/** What belongs to the IPC namespace: shared memory and message queues. */
function messages({ shmSize, sharing: { ipc, shm } }: FilesystemRequest): readonly ContainerOperation[] {
  const flags = ['nosuid', 'nodev', 'noexec'] as const;
  const queues = mount('mqueue', '/dev/mqueue', [], flags);
  if (ipc === 'host')
    return [hostTree('/dev/shm', flags), { ...hostTree('/dev/mqueue', flags), optional: true }];
  if (ipc !== 'new')
    return [
      { op: 'share-mount', namespace: `/proc/${ipc.pid}/ns/mnt`, path: '/dev/shm', target: '/dev/shm' },
      queues,
    ];
  return [...(shm ? [mount('tmpfs', '/dev/shm', ['mode=1777', `size=${shmSize}`], flags)] : []), queues];
}

/** A file system of the host that can't be mounted anew, since a namespace of the host's has it. */
function hostTree(path: string, flags: readonly MountFlag[]): Bind {
  return { op: 'bind', source: path, target: path, recursive: true, flags, propagation: 'rslave' };
}

/**
 * What is hidden and made read-only once everything is mounted: nothing of a privileged container, else Docker's list, less what
 * `unmask` names, with what `mask` does.
 */
export function protectedPaths(
  privileged: boolean,
  { mask = [], unmask = [] }: Pick<SecurityOptions, 'mask' | 'unmask'> = {},
): readonly ContainerOperation[] {
  const shown = (path: string): boolean =>
    privileged || unmask.some((pattern) => pattern === 'ALL' || matchesGlob(path, pattern));
  return [
    ...[...MASKED.filter((path) => !shown(path)), ...mask].map((path) => ({ op: 'mask', path }) as const),
    ...READ_ONLY.filter((path) => !shown(path)).map((path) => ({ op: 'read-only', path }) as const),
  ];
}

/** The paths that are masked and read-only by default, as `inspect` shows them. */
export function protectedLists(privileged: boolean, security: Pick<SecurityOptions, 'mask' | 'unmask'>) {
  const paths = (op: 'mask' | 'read-only') =>
    protectedPaths(privileged, security).flatMap((each) => (each.op === op ? [each.path] : []));
  return { masked: paths('mask'), readOnly: paths('read-only') };
}

type Bind = Extract<ContainerOperation, { readonly op: 'bind' }>;

function device(source: string, target = source): Bind {
  return {
    op: 'bind',
    source,
    target,
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
