import { readFileSync } from 'node:fs';
import type { ContainerContext } from '../container/context.ts';
import { readFacts } from '../container/facts.ts';
import { notFound } from '../container/find.ts';
import { shortId } from '../container/id.ts';
import type { ContainerRow, ContainerSpec } from '../container/record.ts';
import { ensureDriverRoots, rootsOf } from '../container/roots.ts';
import { WherryError } from '../errors/error.ts';
import type { IdmapChoice } from '../idmap/choose.ts';
import { findProgram } from '../plan/facts.ts';
import type { ContainerOperation, NetworkOperation, PrepareStep } from '../program/operation.ts';
import { DEFAULT_NETWORK } from './builtin.ts';
import { congestionControl, hostCongestionControl } from './congestion-control.ts';
import { networkDirectory } from './directory.ts';
import { type EndpointPlans, encodeNetworks } from './encode.ts';
import { linkEnvironment } from './link-environment.ts';
import { foreignHosts, ownAddresses } from './members.ts';
import { parseMode } from './mode.ts';
import type { NetworksPlan } from './plan.ts';
import { type Networking, NO_NETWORKING } from './request.ts';
import { resolvConf } from './resolv-conf.ts';
import { NetworkTable } from './table.ts';

/** Seconds that the shared namespace outlasts its last container, so that the next one finds bridge and uplink there. */
export const NETWORK_LINGER = 10;

/** The container whose network another one has. */
export interface JoinedContainer {
  readonly id: string;
  readonly hostname: string;
  /** Path of its network namespace. */
  readonly path: string;
}

/**
 * The running container that `--network container:` names.
 * @returns undefined for any other network
 * @throws WherryError `E_CONTAINER_NOT_RUNNING`, `E_CONTAINER_NOT_FOUND`
 */
export function joinedContainer(context: ContainerContext, spec: ContainerSpec): JoinedContainer | undefined {
  const mode = parseMode(spec.network);
  if (mode.kind !== 'container') return undefined;
  const { table, store } = context;
  const row = table.get(mode.container);
  const target = table.spec(mode.container);
  if (row === undefined || target === undefined) throw notFound(shortId(mode.container));
  const { started } = readFacts(store.paths.container(row.id));
  if (started === undefined || !runs(context, row.id)) {
    throw new WherryError(`cannot join network of a non running container: ${row.id}`, {
      code: 'E_CONTAINER_NOT_RUNNING',
      hint: `wherry start ${row.name}   starts it.`,
    });
  }
  return {
    id: row.id,
    hostname: target.hostname ?? shortId(row.id),
    path: `/proc/${started.initPid}/ns/net`,
  };
}

function runs({ store, processes }: ContainerContext, id: string): boolean {
  const { started, exited } = readFacts(store.paths.container(id));
  if (started === undefined || (exited !== undefined && exited.time >= started.time)) return false;
  return processes.startTime(started.monitorPid) === started.monitorStartTime;
}

/** The operations of a launch program for the container's networks. */
export interface LaunchNetworks {
  readonly prepare: readonly PrepareStep[];
  readonly container: readonly ContainerOperation[];
  /** Before all else in the container's process. */
  readonly links: readonly NetworkOperation[];
  /** A namespace that is joined. */
  readonly path?: string;
}

/** Puts the plans of a start into operations. */
export function launchNetworks(
  context: ContainerContext,
  id: string,
  plan: NetworksPlan,
  joined: JoinedContainer | undefined,
): LaunchNetworks {
  if (plan.sharing === 'host') return { prepare: [], container: [], links: [] };
  if (joined !== undefined) return { prepare: [], container: [], links: [], path: joined.path };
  const { prepare, links, sysctls } = encodePlans(context, id, plan.plans);
  return {
    prepare: prepare.map((operation) => ({ do: operation })),
    container: [
      { op: 'loopback-up' },
      ...kernelSettings(context.machine.idmap),
      ...sysctls.map(({ key, value }) => ({ op: 'sysctl', name: `net.${key}`, value }) as const),
    ],
    links,
  };
}

/** Puts checked plans of a container's networks into operations. */
export function encodePlans(context: ContainerContext, id: string, plans: readonly EndpointPlans[]) {
  const { store, env } = context;
  for (const { network } of plans) ensureDriverRoots(context, network.asker);
  return encodeNetworks(plans, {
    runtime: networkDirectory(context),
    directory: store.paths.container(id),
    linger: NETWORK_LINGER,
    rootsFor: ({ asker }) => rootsOf(context, asker, id),
    findProgram: (name) => findProgram(name, env.PATH ?? ''),
  });
}

/** As Docker has it: every user inside may send pings (icmp(7)), and listen on any port. */
function kernelSettings({ gids }: IdmapChoice): readonly ContainerOperation[] {
  const last = gids.reduce((count, extent) => count + extent.count, 0) - 1;
  const congestion = congestionControl(hostCongestionControl());
  const settings = {
    ping_group_range: `0 ${Math.max(last, 0)}`,
    ip_unprivileged_port_start: '0',
    ...(congestion === undefined ? {} : { tcp_congestion_control: congestion }),
  };
  return Object.entries(settings).map(([name, value]) => ({
    op: 'sysctl',
    name: `net.ipv4.${name}`,
    value,
    optional: true,
  }));
}

/** What the files of a container say of its networks. */
export function networkFiles(
  context: ContainerContext,
  row: ContainerRow,
  spec: ContainerSpec,
  plan: NetworksPlan,
) {
  const networking = spec.networking ?? NO_NETWORKING;
  const addresses =
    plan.attachments.length > 0 && plan.attachments.every(({ attachment }) => attachment !== undefined)
      ? plan.attachments.flatMap(({ attachment }) => attachment?.addresses ?? [])
      : ownAddresses(context, row.id);
  return {
    addresses: addresses.map((cidr) => cidr.replace(/\/\d+$/, '')),
    extraHosts: foreignHosts(context, row, spec),
    ...(plan.sharing === 'host' && networking.dns.length === 0
      ? {}
      : { resolvConf: containerResolvConf(networking, plan.attachments) }),
  };
}

/** /etc/resolv.conf of a container that is attached to networks; the first of these has the default route. */
export function containerResolvConf(
  networking: Networking = NO_NETWORKING,
  attachments: NetworksPlan['attachments'],
): string {
  const [first] = attachments;
  return resolvConf({
    host: readText('/etc/resolv.conf'),
    networking,
    networkServers: attachments.flatMap(({ attachment }) => attachment?.nameServers ?? []),
    forwarder: first?.network.name === DEFAULT_NETWORK ? first.attachment?.gateways[0] : undefined,
  });
}

/**
 * Variables that `--link` brings along.
 * @throws WherryError `E_CONTAINER_NOT_RUNNING`
 */
export function linkVariables(
  context: ContainerContext,
  row: ContainerRow,
  spec: ContainerSpec,
): readonly string[] {
  const { table, store } = context;
  const networks = new NetworkTable(store.database);
  const own = new Set(networks.endpointsOf(row.id).map(({ network }) => network));
  return (spec.networking ?? NO_NETWORKING).links.flatMap(({ container, alias }) => {
    const id = table.idOfName(container) ?? container;
    const target = table.spec(id);
    if (target === undefined || !runs(context, id)) {
      throw new WherryError(
        `Cannot link to a non running container: /${container} AS /${row.name}/${alias}`,
        {
          code: 'E_CONTAINER_NOT_RUNNING',
          hint: `wherry start ${container}   starts it.`,
        },
      );
    }
    const common = networks.endpointsOf(id).find(({ network }) => own.has(network));
    if (common?.ip4 === undefined) {
      throw new WherryError(`Cannot link to ${container}: it is in none of the container's networks.`, {
        code: 'E_NETWORK_FLAG',
        hint: `wherry network connect NETWORK ${container}   puts it there.`,
      });
    }
    const name = networks.get(common.network)?.name;
    if (name !== DEFAULT_NETWORK) return [];
    const exposed = target.networking?.exposed ?? [];
    return linkEnvironment({ alias, owner: row.name, address: common.ip4, exposed, env: target.env });
  });
}

/** Where the files lie that a container sees as /etc/hosts and the like. */
export function hostFileDirectory(
  { store }: ContainerContext,
  id: string,
  joined: JoinedContainer | undefined,
): string {
  return store.paths.container(joined?.id ?? id);
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Not there: as good as empty.
    return '';
  }
}
