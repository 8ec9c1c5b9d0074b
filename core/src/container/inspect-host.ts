import type { Extent } from '../idmap/extent.ts';
import type { Mount } from '../volume/mount.ts';
import { NOTHING_GIVEN } from './as-given.ts';
import type { DeviceRate } from './block-io.ts';
import { protectedLists } from './filesystems.ts';
import { NO_OPTIONS } from './options.ts';
import type { ContainerRow, ContainerSpec } from './record.ts';
import { modeText, NOTHING_SHARED } from './sharing.ts';

const OR_NULL = <T>(list: readonly T[]): readonly T[] | null => (list.length === 0 ? null : list);

/** `HostConfig` of `docker inspect`. */
export function hostConfig(row: ContainerRow, spec: ContainerSpec): Readonly<Record<string, unknown>> {
  const options = spec.options ?? NO_OPTIONS;
  const { limits, restart } = options;
  const net = spec.networking;
  const given = spec.given ?? NOTHING_GIVEN;
  const { pid, ipc, cgroup } = options.sharing ?? NOTHING_SHARED;
  const { masked, readOnly } = protectedLists(spec.privileged, spec.security);
  return {
    Binds: OR_NULL(binds(spec.mounts)),
    ContainerIDFile: given.cidFile ?? '',
    LogConfig: { Type: spec.logDriver, Config: spec.logOptions },
    NetworkMode: spec.network,
    PortBindings: portBindings(spec),
    RestartPolicy: { Name: restart.name, MaximumRetryCount: restart.maxRetries },
    AutoRemove: row.autoRemove,
    VolumeDriver: '',
    VolumesFrom: OR_NULL(given.volumesFrom ?? []),
    ConsoleSize: [0, 0],
    CapAdd: OR_NULL(spec.capAdd),
    CapDrop: OR_NULL(spec.capDrop),
    CgroupnsMode: cgroup,
    Dns: net?.dns ?? [],
    DnsOptions: net?.dnsOptions ?? [],
    DnsSearch: net?.dnsSearch ?? [],
    ExtraHosts: OR_NULL((net?.addHosts ?? []).map(({ name, address }) => `${name}:${address}`)),
    GroupAdd: OR_NULL(options.groupAdd),
    IpcMode: modeText(ipc),
    Cgroup: '',
    Links: OR_NULL((net?.links ?? []).map(({ container, alias }) => `/${container}:/${row.name}/${alias}`)),
    OomScoreAdj: options.oomScoreAdj ?? 0,
    PidMode: pid.kind === 'private' ? '' : modeText(pid),
    Privileged: spec.privileged,
    PublishAllPorts: given.publishAll ?? false,
    ReadonlyRootfs: spec.readOnly,
    SecurityOpt: OR_NULL(securityOptions(spec)),
    ...asked(spec.mounts),
    ...tmpfs(spec.mounts),
    UTSMode: options.uts === 'host' ? 'host' : '',
    UsernsMode: given.userns ?? (spec.keepId === undefined ? '' : 'keep-id'),
    ...idMappings(spec),
    ShmSize: options.shmSize,
    ...(Object.keys(options.sysctls).length === 0 ? {} : { Sysctls: options.sysctls }),
    ...(Object.keys(options.annotations).length === 0 ? {} : { Annotations: options.annotations }),
    Runtime: 'wherry',
    Isolation: '',
    CpuShares: limits.cpuShares ?? 0,
    Memory: limits.memory ?? 0,
    NanoCpus: limits.nanoCpus ?? 0,
    CgroupParent: options.cgroupParent ?? '',
    BlkioWeight: limits.blkioWeight ?? 0,
    BlkioWeightDevice: (limits.blkioWeightDevice ?? []).map(({ path, rate }) => ({
      Path: path,
      Weight: rate,
    })),
    BlkioDeviceReadBps: rates(limits.deviceReadBps),
    BlkioDeviceWriteBps: rates(limits.deviceWriteBps),
    BlkioDeviceReadIOps: rates(limits.deviceReadIops),
    BlkioDeviceWriteIOps: rates(limits.deviceWriteIops),
    CpuPeriod: limits.nanoCpus === undefined ? (limits.cpuPeriod ?? 0) : 0,
    CpuQuota: limits.nanoCpus === undefined ? (limits.cpuQuota ?? 0) : 0,
    CpuRealtimePeriod: 0,
    CpuRealtimeRuntime: 0,
    CpusetCpus: limits.cpusetCpus ?? '',
    CpusetMems: limits.cpusetMems ?? '',
    Devices: (options.devices ?? []).map(({ source, target, permissions }) => ({
      PathOnHost: source,
      PathInContainer: target,
      CgroupPermissions: permissions,
    })),
    DeviceCgroupRules: null,
    DeviceRequests: null,
    MemoryReservation: limits.memoryReservation ?? 0,
    MemorySwap:
      limits.memorySwap ?? (limits.memory !== undefined && limits.memory > 0 ? limits.memory * 2 : 0),
    MemorySwappiness: options.memorySwappiness ?? null,
    OomKillDisable: options.oomKillDisable ?? null,
    PidsLimit: limits.pids ?? null,
    Ulimits: options.ulimits.map(({ name, soft, hard }) => ({
      Name: name,
      Hard: hard ?? -1,
      Soft: soft ?? -1,
    })),
    CpuCount: 0,
    CpuPercent: 0,
    IOMaximumIOps: 0,
    IOMaximumBandwidth: 0,
    MaskedPaths: spec.privileged ? null : masked,
    ReadonlyPaths: spec.privileged ? null : readOnly,
    ...(spec.init ? { Init: true } : {}),
  };
}

/** As they were given, a profile of seccomp with its text, and what Docker's daemon adds where labels would be in the way. */
function securityOptions({ security, given, privileged, options }: ContainerSpec): readonly string[] {
  const { seccomp, noNewPrivileges, labels = [], mask = [], unmask = [] } = security;
  const { pid, ipc } = options?.sharing ?? NOTHING_SHARED;
  const profile = typeof seccomp === 'object' ? [`seccomp=${seccomp.profile}`] : undefined;
  // For records from before it was kept.
  const settled = [
    ...(noNewPrivileges ? ['no-new-privileges'] : []),
    ...(seccomp === 'unconfined' && !privileged ? ['seccomp=unconfined'] : []),
    ...(profile ?? []),
    ...labels,
    ...mask.map((path) => `mask=${path}`),
    ...unmask.map((path) => `unmask=${path}`),
  ];
  const found =
    given?.securityOpt === undefined
      ? settled
      : given.securityOpt.flatMap((option) => {
          if (/^systempaths[=:]/.test(option)) return [];
          return /^seccomp[=:]/.test(option) ? (profile ?? [option]) : [option];
        });
  const unlabelled = privileged || pid.kind === 'host' || ipc.kind === 'host';
  return unlabelled && !found.some((each) => /^label[=:]/.test(each)) ? [...found, 'label=disable'] : found;
}

/** As podman has it: the container's id, that of the user's namespace for containers, and how many. */
function idMappings({ ids }: ContainerSpec): { readonly IDMappings?: object } {
  if (ids === undefined) return {};
  const text = (map: readonly Extent[]) =>
    map.map(({ inside, outside, count }) => `${inside}:${outside}:${count}`);
  return { IDMappings: { UidMap: text(ids.uids), GidMap: text(ids.gids) } };
}

const rates = (list: readonly DeviceRate[] = []) =>
  list.map(({ path, rate }) => ({ Path: path, Rate: rate }));

function binds(mounts: readonly Mount[]): readonly string[] {
  return mounts.flatMap((mount) => {
    if (mount.asked !== undefined) return [];
    if (mount.kind !== 'bind' && !(mount.kind === 'volume' && !mount.anonymous)) return [];
    const source = mount.kind === 'bind' ? mount.source : mount.name;
    // The label that every volume's mount is shown with is not of the flag.
    const mode = mount.kind === 'volume' && mount.mode === 'z' ? '' : mount.mode;
    return [`${source}:${mount.target}${mode === '' ? '' : `:${mode}`}`];
  });
}

/** Those of `--mount`, in the order of their targets' depth. */
function asked(mounts: readonly Mount[]): { readonly Mounts?: readonly object[] } {
  const found = mounts.flatMap((mount) => (mount.asked === undefined ? [] : [mount.asked]));
  return found.length === 0 ? {} : { Mounts: found };
}

function tmpfs(mounts: readonly Mount[]): { readonly Tmpfs?: Readonly<Record<string, string>> } {
  const found = mounts.flatMap((mount) =>
    mount.kind === 'tmpfs' && mount.byFlag
      ? [[mount.target, mount.words ?? mount.options.join(',')] as const]
      : [],
  );
  return found.length === 0 ? {} : { Tmpfs: Object.fromEntries(found) };
}

function portBindings({ networking }: ContainerSpec): Readonly<Record<string, readonly object[]>> {
  const found: Record<string, object[]> = {};
  for (const { protocol, hostIp, hostPort, containerPort } of networking?.ports ?? []) {
    const key = `${containerPort}/${protocol}`;
    const list = found[key] ?? [];
    list.push({ HostIp: hostIp, HostPort: hostPort === 0 ? '' : String(hostPort) });
    found[key] = list;
  }
  return found;
}
