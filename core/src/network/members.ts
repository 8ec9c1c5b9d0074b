import {
  chmodSync,
  closeSync,
  existsSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { type ContainerContext, fold } from '../container/context.ts';
import { examine } from '../container/fold.ts';
import { shortId } from '../container/id.ts';
import type { ContainerRow, ContainerSpec } from '../container/record.ts';
import { DEFAULT_NETWORK } from './builtin.ts';
import { namesFile } from './directory.ts';
import { hostsFile } from './host-files.ts';
import { addedHosts, type HostLine, memberNames } from './hosts.ts';
import { NO_NETWORKING } from './request.ts';
import { parseNameServers } from './routes.ts';
import { type EndpointRow, type NetworkRow, NetworkTable } from './table.ts';

type Context = ContainerContext;

interface Member {
  readonly row: ContainerRow;
  readonly endpoint: EndpointRow;
}

/** Containers of a network that run, or are about to. */
export function activeMembers({ table, store, processes }: Context, network: string): readonly Member[] {
  return new NetworkTable(store.database).startedMembersOf(network).flatMap((endpoint) => {
    const row = table.get(endpoint.container);
    if (row?.state !== 'started') return [];
    const { kind } = examine(row, store.paths.container(row.id), processes, '');
    return kind === 'running' || kind === 'pending' ? [{ row, endpoint }] : [];
  });
}

const addresses = ({ ip4, ip6 }: EndpointRow): readonly string[] =>
  [ip4, ip6].filter((each) => each !== undefined);

/** The names that a container's /etc/hosts has beside its own: of those in its networks, links, and added ones. */
export function foreignHosts(context: Context, row: ContainerRow, spec: ContainerSpec): readonly HostLine[] {
  const table = new NetworkTable(context.store.database);
  const networking = spec.networking ?? NO_NETWORKING;
  const members = table.endpointsOf(row.id).flatMap(({ network }) => {
    if (!findsByName(table.get(network))) return [];
    return activeMembers(context, network)
      .filter((member) => member.row.id !== row.id)
      .flatMap((member) => memberLines(member));
  });
  return [...addedHosts(networking), ...linkLines(context, row, spec), ...members];
}

function memberLines({ row, endpoint }: Member): readonly HostLine[] {
  const names = memberNames(row.name, endpoint.aliases, row.id);
  return addresses(endpoint).map((address) => ({ address, names }));
}

/** A link leads to the address in a network that both are in. */
function linkLines(context: Context, row: ContainerRow, spec: ContainerSpec): readonly HostLine[] {
  const { store, table } = context;
  const networks = new NetworkTable(store.database);
  const own = networks.endpointsOf(row.id);
  const all = own.map(({ network }) => network);
  const everywhere = (spec.networking ?? NO_NETWORKING).links.map((link) => ({ ...link, in: all }));
  const here = own.flatMap(({ links = [], network }) => links.map((link) => ({ ...link, in: [network] })));
  return [...everywhere, ...here].flatMap(({ container, alias, in: where }) => {
    const target = table.get(table.idOfName(container) ?? container);
    if (target?.state !== 'started') return [];
    const common = networks.endpointsOf(target.id).find(({ network }) => where.includes(network));
    if (common === undefined) return [];
    const names = [...new Set([alias, shortId(target.id), target.name])];
    return addresses(common).map((address) => ({ address, names }));
  });
}

/** A container's own addresses, of all networks. */
export function ownAddresses({ store }: Pick<Context, 'store'>, id: string): readonly string[] {
  return new NetworkTable(store.database).endpointsOf(id).flatMap(addresses);
}

/**
 * Brings what containers know of each other up to date: /etc/hosts of those that run in networks with names, and the file
 * that DNS questions are answered from. To be called whenever a container has come or gone.
 * @param left a container that was taken out of a network, and may be in none with names any more
 */
export function refreshNames(context: Context, left?: string): void {
  const { store, table } = context;
  const networks = new NetworkTable(store.database);
  const started = table.inState('started');
  if (started.length === 0 && !existsSync(namesFile(context))) return;
  const all = networks.all();
  const named = all.some(findsByName);
  if (named) fold(context, started);
  writeNames(context, all);
  // Where no network has names, nobody's /etc/hosts needs a look.
  const affected = named ? table.inState('started') : started.filter(({ id }) => id === left);
  for (const row of affected) {
    const spec = table.spec(row.id);
    if (spec === undefined || (row.id !== left && !hasNames(networks, row.id))) continue;
    writeInPlace(join(store.paths.container(row.id), 'hosts'), () => hostsOf(context, row, spec));
  }
}

/** The same when containers have gone: where no network has names, nothing that is written depends on them. */
export function forgetNames(context: Context): void {
  if (new NetworkTable(context.store.database).all().some(findsByName)) refreshNames(context);
}

function hasNames(table: NetworkTable, container: string): boolean {
  return table.endpointsOf(container).some(({ network }) => findsByName(table.get(network)));
}

/** Containers find each other by name in the networks that a user made, where they have addresses. */
function findsByName(network: NetworkRow | undefined): boolean {
  return network !== undefined && network.name !== DEFAULT_NETWORK && network.config.subnets.length > 0;
}

/** /etc/hosts of a container with networks of its own. */
export function hostsOf(context: Context, row: ContainerRow, spec: ContainerSpec): string {
  return hostsFile({
    hostname: spec.hostname ?? shortId(row.id),
    domainname: spec.options?.domainname,
    addresses: ownAddresses(context, row.id),
    hostNetwork: false,
    hostHosts: '',
    hostResolvConf: '',
    extraHosts: foreignHosts(context, row, spec),
  });
}

/**
 * The file is mounted into the container: another in its place would not be seen. It isn't there before the first start, and any
 * more once the monitor of a container with `--rm` has removed it, which may be now.
 */
export function writeInPlace(path: string, content: () => string): void {
  let file: number;
  try {
    file = openSync(path, 'r+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  try {
    const text = content();
    if (readFileSync(file, 'utf8') === text) return;
    ftruncateSync(file);
    writeSync(file, text, 0);
  } finally {
    closeSync(file);
  }
}

/** The file `names` in the run-time directory (launcher/src/net_dns_names.h). */
function writeNames(context: Context, networks: readonly NetworkRow[]): void {
  const path = namesFile(context);
  const servers = parseNameServers(readText('/etc/resolv.conf')).filter((server) => !server.includes('%'));
  const lines = [
    ...servers.map((server) => `upstream ${server}`),
    ...networks.flatMap((network) => networkLines(context, network)),
  ];
  const text = `${lines.join('\n')}\n`;
  if (readText(path) === text) return;
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, text);
  // Whatever the umask is: of root's, the keeper reads it as one of nobody's ids.
  chmodSync(draft, 0o644);
  renameSync(draft, path);
}

const within = (name: string, network: NetworkRow): string => `${name}.${network.name}`;

function networkLines(context: Context, network: NetworkRow): readonly string[] {
  const { id, config } = network;
  const members = findsByName(network) ? activeMembers(context, id) : [];
  const lines = members.flatMap(({ row, endpoint }) =>
    addresses(endpoint).map((address) => {
      const [own = '', ...others] = memberNames(row.name, endpoint.aliases, row.id);
      // The first is what the address is called: as in Docker, with the network.
      const names = [within(own, network), own, ...others, ...others.map((each) => within(each, network))];
      return `name ${address} - ${names.join(' ')}`;
    }),
  );
  // Whose question comes from an address in another of its networks is a member all the same.
  const table = new NetworkTable(context.store.database);
  const also = members.flatMap(({ row }) =>
    table
      .endpointsOf(row.id)
      .filter((other) => other.network !== id)
      .flatMap((other) => addresses(other).map((address) => `also ${address}`)),
  );
  return config.subnets.flatMap(({ cidr }) => [
    `network ${cidr}${config.internal ? ' internal' : ''}`,
    ...also,
    ...lines,
  ]);
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Not there: as good as empty.
    return '';
  }
}
