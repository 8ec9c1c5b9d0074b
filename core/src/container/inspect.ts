import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { NetworkSettings } from '../network/request.ts';
import { hostName } from '../platform/host.ts';
import { inspectMounts } from '../volume/inspect.ts';
import { NOTHING_GIVEN } from './as-given.ts';
import type { ContainerContext } from './context.ts';
import { currentRow } from './context.ts';
import { isRestarting, readFacts } from './facts.ts';
import { notFound } from './find.ts';
import { healthState, readHealth } from './health.ts';
import { shortId } from './id.ts';
import { hostConfig } from './inspect-host.ts';
import { logLoss } from './inspect-log.ts';
import { keptRoot, type RootMount } from './kept.ts';
import { isPaused } from './pause.ts';
import { type ContainerRow, type ContainerSpec, containerState } from './record.ts';

/** Go's zero time, which Docker shows where nothing has happened yet. */
const NEVER = '0001-01-01T00:00:00Z';

/** Fields of a bridge that Docker fills no more, or never did for a container of its own. */
const UNUSED_NETWORK_FIELDS = {
  Bridge: '',
  HairpinMode: false,
  LinkLocalIPv6Address: '',
  LinkLocalIPv6PrefixLen: 0,
  SecondaryIPAddresses: null,
  SecondaryIPv6Addresses: null,
  EndpointID: '',
};

/** A container in Docker's form, field by field (Engine API, ContainerInspect). */
export async function inspectContainer(
  context: ContainerContext,
  id: string,
  network: NetworkSettings,
  { size = false }: { readonly size?: boolean },
): Promise<Readonly<Record<string, unknown>>> {
  const { store, table } = context;
  const current = currentRow(context, id);
  const spec = table.spec(id);
  if (current === undefined || spec === undefined) throw notFound(id);
  const { row, running } = current;
  const directory = store.paths.container(id);
  const words = [...spec.command.entrypoint, ...spec.command.cmd];
  const log = join(directory, `${id}-json.log`);
  return {
    Id: id,
    Created: row.created,
    Path: words[0] ?? '',
    Args: words.slice(1),
    State: stateOf(context, row, spec, running),
    Image: row.imageId,
    ...(spec.rootfs === undefined ? {} : { Rootfs: spec.rootfs.path }),
    ResolvConfPath: join(directory, 'resolv.conf'),
    HostnamePath: join(directory, 'hostname'),
    HostsPath: join(directory, 'hosts'),
    LogPath: existsSync(log) ? log : '',
    Name: `/${row.name}`,
    RestartCount: readFacts(directory).restarting?.count ?? 0,
    Driver: spec.storageDriver,
    Platform: 'linux',
    MountLabel: '',
    ProcessLabel: '',
    AppArmorProfile: appArmorProfile(spec),
    ExecIDs: null,
    HostConfig: hostConfig(row, spec),
    GraphDriver: await graphDriver(context, id, spec),
    ...(size ? await sizes(context, id) : {}),
    Mounts: inspectMounts(spec.mounts, store.paths.volume),
    Config: configOf(row, spec),
    NetworkSettings: { ...UNUSED_NETWORK_FIELDS, ...network },
  };
}

function appArmorProfile({ security: { apparmor, labels = [] } }: ContainerSpec): string {
  return apparmor ?? (labels.includes('apparmor=unconfined') ? 'unconfined' : '');
}

function stateOf(
  { store }: ContainerContext,
  row: ContainerRow,
  spec: ContainerSpec,
  running: boolean,
): Readonly<Record<string, unknown>> {
  const directory = store.paths.container(row.id);
  const facts = readFacts(directory);
  const check = spec.options?.health;
  const health = check && healthState(check, readHealth(directory), running);
  const restarting = running && isRestarting(facts);
  const pid = running && !restarting ? (facts.started?.initPid ?? 0) : 0;
  const paused = pid !== 0 && isPaused(pid);
  const status = containerState(row, running, { paused, restarting });
  return {
    Status: status,
    Running: running,
    Paused: paused,
    Restarting: restarting,
    OOMKilled: running ? existsSync(join(directory, 'oom')) : facts.exited?.outOfMemory === true,
    Dead: status === 'dead',
    Pid: pid,
    ExitCode: restarting ? (facts.restarting?.status ?? 0) : running ? 0 : (row.exitCode ?? 0),
    Error: '',
    StartedAt: (running ? facts.started?.time : row.startedAt) ?? NEVER,
    FinishedAt: row.finishedAt ?? NEVER,
    ...(health === undefined ? {} : { Health: health }),
    Log: logLoss(store.paths.container(row.id)),
  };
}

/** Whether a container without a name of its own has the machine's. */
function hostsName(spec: ContainerSpec): boolean {
  return spec.network === 'host' || spec.options?.uts === 'host';
}

function configOf(row: ContainerRow, spec: ContainerSpec): Readonly<Record<string, unknown>> {
  const { entrypoint, cmd } = spec.command;
  const { interactive, tty } = spec;
  const { attach, stopSignal, stopTimeout } = spec.given ?? NOTHING_GIVEN;
  const exposed = spec.networking?.exposed ?? [];
  const volumes = spec.mounts.flatMap((mount) =>
    mount.kind === 'volume' && mount.anonymous ? [mount.target] : [],
  );
  return {
    Hostname: spec.hostname ?? (hostsName(spec) ? hostName() : shortId(row.id)),
    Domainname: spec.options?.domainname ?? '',
    User: spec.user,
    AttachStdin: attach.stdin,
    AttachStdout: attach.stdout,
    AttachStderr: attach.stderr,
    ...(exposed.length === 0 ? {} : { ExposedPorts: Object.fromEntries(exposed.map((port) => [port, {}])) }),
    Tty: tty,
    OpenStdin: interactive,
    StdinOnce: interactive && attach.stdin,
    Env: spec.env,
    Cmd: cmd.length === 0 ? null : cmd,
    ...(spec.options?.health === undefined ? {} : { Healthcheck: spec.options.health.config }),
    Image: spec.rootfs === undefined ? row.image : '',
    Volumes: volumes.length === 0 ? null : Object.fromEntries(volumes.map((target) => [target, {}])),
    WorkingDir: spec.workdir === '/' ? '' : spec.workdir,
    Entrypoint: entrypoint.length === 0 ? null : entrypoint,
    OnBuild: null,
    Labels: row.labels,
    ...(stopSignal === undefined ? {} : { StopSignal: stopSignal }),
    ...(stopTimeout === undefined ? {} : { StopTimeout: stopTimeout }),
  };
}

/** Where its root was mounted from at its last start, or will be at its first one. */
async function graphDriver(
  context: ContainerContext,
  id: string,
  spec: ContainerSpec,
): Promise<Readonly<Record<string, unknown>>> {
  const root = keptRoot(context, id, spec) ?? (await plannedRoot(context, id));
  const Data =
    root.kind === 'overlay'
      ? {
          LowerDir: root.lower.join(':'),
          MergedDir: root.mountpoint,
          UpperDir: root.upper,
          WorkDir: root.work,
        }
      : { Dir: root.path };
  return { Data, Name: spec.storageDriver };
}

async function plannedRoot(context: ContainerContext, id: string): Promise<RootMount> {
  const { overlayMount, ownTree, rootTrees } = await import('./rootfs.ts');
  const trees = await rootTrees(context, id);
  const mount = await overlayMount(context, id);
  return trees.kind === 'overlay' && mount !== undefined
    ? { kind: 'overlay', upper: trees.upper, lower: trees.lower, ...mount }
    : { kind: 'directory', path: ownTree(trees) };
}

async function sizes(context: ContainerContext, id: string): Promise<Readonly<Record<string, number>>> {
  const [{ ownTree, rootTrees }, { withWorker }] = await Promise.all([
    import('./rootfs.ts'),
    import('./worker.ts'),
  ]);
  const trees = await rootTrees(context, id);
  const own = ownTree(trees);
  const below = trees.kind === 'overlay' ? trees.lower : [];
  return withWorker(context, async (worker) => {
    const size = existsSync(own) ? (await worker.usage([own])).apparent : 0;
    if (trees.kind === 'directory') return { SizeRw: 0, SizeRootFs: size };
    const lower = below.length === 0 ? 0 : (await worker.usage(below)).apparent;
    return { SizeRw: size, SizeRootFs: size + lower };
  });
}
