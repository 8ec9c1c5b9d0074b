import type { CreateRequest, ImageConfig } from '../api.ts';
import type { ContainerContext } from '../container/context.ts';
import { findContainer } from '../container/find.ts';
import { refusedFlags } from '../errors/argument.ts';
import { WherryError } from '../errors/error.ts';
import type { Drivers } from '../plugin/drivers.ts';
import { randomHex } from '../store/random.ts';
import { BUILT_IN, findNetwork } from './builtin.ts';
import { ensureBuiltIn } from './builtin-create.ts';
import { checkDriverOptions, interfacePrefix, refuseSameName } from './endpoint-options.ts';
import { checkAliases, checkFamily, checkLinkLocal, checkMac, mergeNetworking, parseLink } from './flags.ts';
import { chooseAddresses } from './lease.ts';
import { parseMode } from './mode.ts';
import type { ConnectOptions, Networking } from './request.ts';
import { type EndpointRow, type EndpointWishes, type NetworkRow, NetworkTable } from './table.ts';

/** What was asked of an endpoint that isn't there yet. */
export type EndpointDraft = Pick<EndpointRow, 'aliases' | 'askedIp4' | 'askedIp6' | 'askedMac'> &
  EndpointWishes;

/** What a container to be has of networks. */
export interface DraftNetworks {
  /** For its record: with the full id of a container whose network it has. */
  readonly mode: string;
  readonly networking: Networking;
  /** None with another container's, or one that is made up for it. */
  readonly places: readonly { readonly network: NetworkRow; readonly endpoint: EndpointDraft }[];
}

const refuse = (message: string, hint: string): WherryError =>
  new WherryError(message, { code: 'E_NETWORK_FLAG', hint });

/**
 * Settles what a request says of networks. Writes nothing but the networks that are always there.
 * @throws WherryError `E_NETWORK_*`, `E_PORT`, `E_CONTAINER_NOT_FOUND`
 */
export function draftNetworks(
  context: ContainerContext,
  drivers: Drivers,
  request: CreateRequest,
  image: ImageConfig,
  mode: string,
): DraftNetworks {
  const flags = request.networking ?? {};
  const networking = mergeNetworking(flags, image.ExposedPorts ?? {});
  for (const { container } of networking.links) findContainer(context.table, container);
  const parsed = parseMode(mode);
  refuseAliases(parsed, flags);
  // Links of the container hold in all of its networks.
  const endpoint = askedOf({ ...flags, links: [] });
  const further = flags.further ?? [];
  const modes = [mode, ...further.map(({ network }) => network)];
  const twice = modes.find((each, index) => modes.indexOf(each) !== index);
  if (twice !== undefined) throw specifiedTwice(twice);
  if (further.length > 0) refuseBuiltIn(modes);
  if (parsed.kind === 'container') {
    refuseWithContainer(request, networking);
    const id = findContainer(context.table, parsed.container);
    return { mode: `container:${id}`, networking, places: [] };
  }
  if (parsed.kind === 'driver') {
    refuseWishes(mode, endpoint);
    return { mode, networking, places: [] };
  }
  ensureBuiltIn(context.store, drivers, () => context.machine.facts);
  const table = new NetworkTable(context.store.database);
  if (parsed.name === 'host') refuseWithHost(endpoint, networking);
  const places = [{ network: parsed.name, endpoint }, ...further.map(furtherPlace)].map((place) => {
    const network = findNetwork(table, place.network);
    checkAsked(network, place.endpoint);
    return { network, endpoint: place.endpoint };
  });
  refuseTwice(places.map(({ network }) => network));
  return { mode: places[0]?.network.name ?? mode, networking, places };
}

function refuseAliases(mode: ReturnType<typeof parseMode>, { aliases = [] }: ConnectOptions): void {
  const own = mode.kind === 'network' && !BUILT_IN.includes(mode.name);
  if (aliases.length > 0 && !own && mode.kind !== 'driver') throw noAliases();
}

function noAliases(): WherryError {
  return refusedFlags(
    'network-scoped aliases are only supported for user-defined networks',
    'wherry network create NAME   makes one.',
    'E_NETWORK_FLAG',
  );
}

function furtherPlace({ network, ...asked }: ConnectOptions & { readonly network: string }) {
  return { network, endpoint: askedOf(asked) };
}

/** Docker's rule: of several networks, all are ones that the user made. */
function refuseBuiltIn(modes: readonly string[]): void {
  const own = (mode: string): boolean => parseMode(mode).kind === 'network' && !BUILT_IN.includes(mode);
  if (modes.every(own)) return;
  throw refuse(
    'conflicting options: cannot attach both user-defined and non-user-defined network-modes',
    'wherry network create NAME   makes a network that goes with others.',
  );
}

function refuseTwice(networks: readonly NetworkRow[]): void {
  const twice = networks.find(({ id }, index) => networks.findIndex((each) => each.id === id) !== index);
  if (twice === undefined) return;
  throw specifiedTwice(twice.name);
}

function specifiedTwice(network: string): WherryError {
  const sentence = `network "${network}" is specified multiple times`;
  return refusedFlags(sentence, 'Name each network once.', 'E_NETWORK_FLAG');
}

/** An uplink has its own addresses, and nobody to be known to. */
function refuseWishes(mode: string, endpoint: EndpointDraft): void {
  const { aliases, askedIp4, askedIp6, askedMac, driverOptions = [], linkLocalIps = [] } = endpoint;
  const wish =
    askedIp4 !== undefined || askedIp6 !== undefined || linkLocalIps.length > 0
      ? 'an address'
      : askedMac !== undefined
        ? 'a MAC address'
        : aliases.length > 0
          ? 'an alias'
          : driverOptions.length > 0
            ? 'a driver option'
            : undefined;
  if (wish === undefined) return;
  throw refuse(
    `--network ${mode} has no place for ${wish}.`,
    'slirp takes cidr=SUBNET and mtu=NUMBER; for the rest, wherry network create NAME.',
  );
}

/** What was asked for of an endpoint, checked for its form. @throws WherryError `E_NETWORK_FLAG` */
export function askedOf(request: ConnectOptions): EndpointDraft {
  const { aliases = [], ip, ip6, macAddress, links = [], driverOptions = [], gatewayPriority = 0 } = request;
  const { linkLocalIps = [] } = request;
  return {
    aliases: checkAliases(aliases),
    ...(ip === undefined ? {} : { askedIp4: checkFamily('--ip', ip, 4) }),
    ...(ip6 === undefined ? {} : { askedIp6: checkFamily('--ip6', ip6, 6) }),
    ...(macAddress === undefined ? {} : { askedMac: checkMac(macAddress) }),
    links: links.map(parseLink),
    driverOptions: checkDriverOptions(driverOptions),
    gatewayPriority,
    linkLocalIps: checkLinkLocal(linkLocalIps),
  };
}

/**
 * Looks whether an endpoint can be what was asked for in a network.
 * @throws WherryError `E_NETWORK_FLAG`, `E_ADDRESS`
 */
export function checkAsked(
  network: NetworkRow,
  endpoint: Pick<EndpointRow, 'aliases' | 'askedIp4' | 'askedIp6' | 'linkLocalIps'>,
): void {
  const asksAddress = endpoint.askedIp4 !== undefined || endpoint.askedIp6 !== undefined;
  if (BUILT_IN.includes(network.name)) {
    if (network.name !== 'bridge' && (endpoint.linkLocalIps ?? []).length > 0) {
      throw refuse(
        `network ${network.name} gives the container no interface that could have a link-local address.`,
        'Leave --link-local-ip out, or give the container another --network.',
      );
    }
    if (asksAddress) {
      throw refuse(
        'user specified IP address is supported on user defined networks only',
        'wherry network create --subnet SUBNET NAME   makes one.',
      );
    }
    if (endpoint.aliases.length > 0) throw noAliases();
    return;
  }
  if (!asksAddress) return;
  // Whether it is free is asked at the start, when it is needed.
  const probe = { network: network.id, container: '', position: 0, id: '', ...endpoint };
  chooseAddresses(network.config, probe, new Map(), network.auxiliary);
}

function refuseWithHost({ askedMac }: EndpointDraft, { links }: Networking): void {
  if (askedMac === undefined && links.length === 0) return;
  throw refuse(
    askedMac !== undefined
      ? 'conflicting options: mac-address and the network mode'
      : "conflicting options: host type networking can't be used with links. This would result in undefined behavior",
    "Leave the flag out: the container has the host's interfaces and names.",
  );
}

function refuseWithContainer({ networking = {}, hostname }: CreateRequest, settled: Networking): void {
  const { macAddress, publishAll = false, expose = [], ip, ip6 } = networking;
  const conflicts: readonly (readonly [is: boolean, words: string])[] = [
    [hostname !== undefined, 'hostname and the network mode'],
    [
      settled.links.length > 0,
      "container type network can't be used with links. This would result in undefined behavior",
    ],
    [settled.dns.length > 0, 'dns and the network mode'],
    [settled.addHosts.length > 0, 'custom host-to-IP mapping and the network mode'],
    [macAddress !== undefined, 'mac-address and the network mode'],
    [settled.ports.length > 0 || publishAll, 'port publishing and the container type network mode'],
    [expose.length > 0, 'port exposing and the container type network mode'],
    [ip !== undefined || ip6 !== undefined, 'addresses and the container type network mode'],
    [(networking.linkLocalIps ?? []).length > 0, 'addresses and the container type network mode'],
    [(networking.driverOptions ?? []).length > 0, 'driver options and the container type network mode'],
  ];
  const [conflict] = conflicts.filter(([is]) => is);
  if (conflict === undefined) return;
  throw refuse(
    `conflicting options: ${conflict[1]}`,
    'Give the flag to the container whose network is shared.',
  );
}

/** Puts a drafted container into its networks; within the transaction that writes it down. */
export function commitNetworks(
  { store }: Pick<ContainerContext, 'store'>,
  container: string,
  { places }: DraftNetworks,
): void {
  const table = new NetworkTable(store.database);
  for (const { network, endpoint } of places) connectEndpoint(table, network, container, endpoint);
  refuseSameName(table.endpointsOf(container));
}

/** Adds an endpoint, with an id of its own. */
export function connectEndpoint(
  table: NetworkTable,
  network: NetworkRow,
  container: string,
  endpoint: EndpointDraft,
): EndpointRow {
  const id = randomHex(32);
  return table.connect({ network: network.id, container, id, ...endpoint, ...interfacePrefix(network) });
}
