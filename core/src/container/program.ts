import type { IdmapChoice } from '../idmap/choose.ts';
import { toOutside } from '../idmap/extent.ts';
import type { LaunchNetworks } from '../network/start.ts';
import type { EncodedPlan } from '../plan/encode.ts';
import type {
  ContainerOperation,
  FileOperation,
  PrepareStep,
  Program,
  SettingOperation,
} from '../program/operation.ts';
import type { MountOperations } from '../volume/operations.ts';
import { argumentVector } from './command.ts';
import type { Device } from './device-flag.ts';
import { completeEnvironment } from './environment.ts';
import { kernelFilesystems, protectedPaths } from './filesystems.ts';
import { type HealthCheck, healthTimes } from './health.ts';
import { type Identity, identityOperations } from './identity.ts';
import { confinement, domainName, namespaceSysctls, oomScore, resourceLimits } from './kernel-options.ts';
import type { LegacyGroup } from './legacy-cgroup.ts';
import { keepsGroups, NO_OPTIONS } from './options.ts';
import type { ContainerSpec } from './record.ts';
import { type Scope, scopeSettings } from './scope.ts';
import type { SeccompFilter } from './seccomp.ts';
import type { LaunchNamespace, LaunchSharing } from './sharing-target.ts';

/** Seconds that the user namespace outlasts its last user, so that the next one needn't write its maps again. */
const LINGER = 15;

/** Group `tty`. */
const TTY = 5;

/** A directory or file of the host that appears in a container. */
export interface HostBind {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

/** All that a launch program is made from, settled and checked. Paths are absolute. */
export interface LaunchRequest {
  readonly spec: ContainerSpec;
  readonly directory: string;
  /** Path and beginning of the name of the files in which its monitor tells events. */
  readonly events: string;
  readonly holder: string;
  readonly idmap: IdmapChoice;
  /** Settings of the client that starts it: attach, terminal, detach keys. */
  readonly client: readonly SettingOperation[];
  readonly logSink: readonly SettingOperation[];
  /** What `create` left to be done at the first start. */
  readonly pending: readonly PrepareStep[];
  readonly rootfs: EncodedPlan;
  readonly network: LaunchNetworks;
  readonly hostNetwork: boolean;
  readonly hostname: string;
  readonly binds: readonly HostBind[];
  readonly mounts: MountOperations;
  /** For a container whose ids are arranged otherwise than the common ones: files of its root, and the way in. */
  readonly ownIds?: {
    /** Whom the files made for it belong to. */
    readonly owner?: readonly ContainerOperation[];
    readonly files: readonly ContainerOperation[];
    readonly take: readonly ContainerOperation[];
  };
  readonly devices: readonly Device[];
  readonly sharing: LaunchSharing;
  readonly identity: Identity;
  readonly seccomp: SeccompFilter | undefined;
  readonly cleanup: readonly FileOperation[];
  /** The container's own cgroup v2, made for it. */
  readonly cgroup?: string | undefined;
  /** In the place of `cgroup`. */
  readonly scope?: Scope | undefined;
  /** Those of version 1. */
  readonly legacy?: readonly LegacyGroup[];
}

/** The launch program of a container. */
export function launchProgram(request: LaunchRequest): Program {
  return {
    settings: settings(request),
    prepare: [...request.pending, ...request.rootfs.prepare, ...request.network.prepare],
    // First: the kernel's files that they need are the host's.
    container: [
      ...request.network.links,
      ...filesystem(request),
      ...kernelSettings(request),
      ...process(request),
    ],
    cleanup: request.cleanup,
  };
}

/** Directory of the user namespace's holder, which outlasts single containers. */
export function holderDirectory(runtime: string): string {
  return runtime;
}

/** The settings that have the launcher work in the user's namespace. */
export function namespaceSettings(idmap: IdmapChoice, holder: string): readonly SettingOperation[] {
  return [
    {
      op: 'user-namespace',
      holder,
      linger: LINGER,
      helpers: idmap.mode === 'range' ? idmap.helpers : undefined,
      denySetgroups: idmap.mode === 'single-id',
    },
    ...idmap.uids.map((extent) => ({ op: 'uid-map', ...extent }) as const),
    ...idmap.gids.map((extent) => ({ op: 'gid-map', ...extent }) as const),
  ];
}

/** The group of terminals, `tty` of every distribution, by its id in the common namespace. */
function terminalGroup({ ids }: ContainerSpec): number | undefined {
  return ids === undefined ? TTY : toOutside(ids.gids, TTY);
}

function settings(request: LaunchRequest): readonly SettingOperation[] {
  const { spec, directory, holder, idmap, client, logSink, hostNetwork } = request;
  const { restart, uts, pidfile, health } = spec.options ?? NO_OPTIONS;
  const { pid, ipc, cgroup } = request.sharing;
  const { path } = request.network;
  return [
    { op: 'directory', path: directory },
    ...namespaceSettings(idmap, holder),
    ...namespace('mount', 'new'),
    ...namespace('pid', pid),
    ...namespace('uts', uts === 'host' ? 'host' : 'new'),
    ...namespace('ipc', ipc),
    ...namespace('cgroup', cgroup),
    ...(hostNetwork
      ? []
      : [{ op: 'namespace', kind: 'network', ...(path === undefined ? {} : { path }) } as const]),
    ...(spec.tty ? [{ op: 'terminal' } as const] : []),
    ...client,
    ...logSink,
    { op: 'stop-signal', signal: spec.stopSignal },
    { op: 'events', prefix: request.events },
    ...healthCheck(health),
    ...(restart.name === 'no'
      ? []
      : [{ op: 'restart', policy: restart.name, maxRetries: restart.maxRetries } as const]),
    ...(request.cgroup === undefined
      ? []
      : [{ op: 'cgroup', path: request.cgroup, optional: true } as const]),
    ...(request.scope === undefined ? [] : scopeSettings(request.scope)),
    ...legacySettings(request.legacy),
    ...(pidfile === undefined ? [] : [{ op: 'pidfile', path: pidfile } as const]),
  ];
}

/** The launcher is told of each controller. */
export function legacySettings(groups: readonly LegacyGroup[] = []): readonly SettingOperation[] {
  return groups.map((group) => ({ op: 'legacy-cgroup', ...group }));
}

function healthCheck(health: HealthCheck | undefined): readonly SettingOperation[] {
  if (health === undefined || health.argv.length === 0) return [];
  return [{ op: 'health', ...healthTimes(health), argv: health.argv }];
}

function namespace(
  kind: 'mount' | 'pid' | 'uts' | 'ipc' | 'cgroup',
  place: LaunchNamespace,
): readonly SettingOperation[] {
  if (place === 'host') return [];
  if (place === 'new') return [{ op: 'namespace', kind }];
  return [{ op: 'namespace', kind, path: `/proc/${place.pid}/ns/${kind}` }];
}

function filesystem(request: LaunchRequest): readonly ContainerOperation[] {
  const { spec, rootfs, network, hostNetwork, idmap, binds, mounts, devices, sharing } = request;
  const { privileged } = spec;
  return [
    ...rootfs.container,
    ...(request.ownIds?.owner ?? []),
    ...(request.ownIds?.files ?? []),
    ...mounts.fill,
    ...kernelFilesystems({
      privileged,
      hostNetwork,
      terminalGroup: idmap.mode === 'single-id' ? undefined : terminalGroup(spec),
      shmSize: (spec.options ?? NO_OPTIONS).shmSize,
      devices,
      sharing,
    }),
    ...inOrder(binds.map(bindOperation), mounts.mounts),
    // Values below /proc/sys are set before it is made read-only.
    ...network.container.filter(({ op }) => op === 'sysctl'),
    ...namespaceSysctls(spec),
    ...(spec.tty ? [{ op: 'console', device: true } as const] : []),
    ...protectedPaths(privileged, spec.security),
    { op: 'pivot-root', readOnly: spec.readOnly },
  ];
}

/**
 * The files of the network among the user's mounts, so that a mount over /etc doesn't hide them; where it is a read-only one
 * that has no such file, they stay away.
 */
function inOrder(
  files: readonly ContainerOperation[],
  mounts: readonly ContainerOperation[],
): readonly ContainerOperation[] {
  const above = mounts.filter((mount) => files.some((file) => isBelow(targetOf(file), targetOf(mount))));
  const rest = mounts.filter((mount) => !above.includes(mount));
  const covered = (file: ContainerOperation) =>
    above.some((mount) => isBelow(targetOf(file), targetOf(mount)));
  return [
    ...above,
    ...files.map((file) => (file.op === 'bind' && covered(file) ? { ...file, optional: true } : file)),
    ...rest,
  ];
}

const targetOf = (operation: ContainerOperation): string => ('target' in operation ? operation.target : '');

const isBelow = (path: string, directory: string): boolean => path.startsWith(`${directory}/`);

function bindOperation({ source, target, readOnly }: HostBind): ContainerOperation {
  return {
    op: 'bind',
    source,
    target,
    recursive: true,
    flags: readOnly ? ['readonly'] : [],
    propagation: 'rprivate',
  };
}

function kernelSettings({ spec, network, hostname }: LaunchRequest): readonly ContainerOperation[] {
  const own = spec.options?.uts !== 'host';
  return [
    ...(own ? [{ op: 'hostname', name: hostname } as const, ...domainName(spec)] : []),
    ...network.container.filter(({ op }) => op !== 'sysctl'),
  ];
}

function process({
  spec,
  identity,
  seccomp,
  hostname,
  ownIds,
}: LaunchRequest): readonly ContainerOperation[] {
  const { tty } = spec;
  return [
    ...oomScore(spec),
    ...confinement(spec),
    { op: 'umask', mask: 0o022 },
    ...resourceLimits(spec),
    { op: 'working-directory', path: spec.workdir },
    ...(ownIds?.take ?? []),
    ...identityOperations(identity),
    ...(keepsGroups(spec.options) ? [{ op: 'keep-groups' } as const] : []),
    ...(spec.security.noNewPrivileges ? [{ op: 'no-new-privileges' } as const] : []),
    ...(seccomp === undefined ? [] : [{ op: 'seccomp', ...seccomp } as const]),
    {
      op: 'environment',
      variables: completeEnvironment(spec.env, { hostname, tty, home: identity.user.home }),
    },
    { op: 'arguments', argv: argumentVector(spec.command) },
    ...(spec.init ? [{ op: 'init' } as const] : []),
    { op: 'execute' },
  ];
}
