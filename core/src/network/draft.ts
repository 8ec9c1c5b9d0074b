import type { CreateRequest, ImageConfig } from '../api.ts';
import type { ContainerContext } from '../container/context.ts';
import { findContainer } from '../container/find.ts';
import { EXIT, WherryError } from '../errors/error.ts';
import type { Drivers } from '../plugin/drivers.ts';
import { randomHex } from '../store/random.ts';
import { BUILT_IN } from './builtin.ts';
import { ensureBuiltIn } from './builtin-create.ts';
import { checkAliases, checkFamily, checkMac, mergeNetworking } from './flags.ts';
import { chooseAddresses } from './lease.ts';
import { parseMode } from './mode.ts';
import { networkForCreate } from './plan.ts';
import type { ConnectOptions, Networking } from './request.ts';
import { type EndpointRow, type NetworkRow, NetworkTable } from './table.ts';

/** What a container to be has of networks. */
export interface DraftNetworks {
  /** For its record: with the full id of a container whose network it has. */
  readonly mode: string;
  readonly networking: Networking;
  /** None with another container's, or one that is made up for it. */
  readonly network: NetworkRow | undefined;
  readonly endpoint: Pick<EndpointRow, 'aliases' | 'askedIp4' | 'askedIp6' | 'askedMac'>;
}

const refuse = (message: string, hint: string): WherryError =>
  new WherryError(message, { code: 'E_NETWORK_FLAG', hint, exitCode: EXIT.engine });

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
  const asked = { aliases: flags.aliases ?? [], ip: flags.ip, ip6: flags.ip6 };
  const endpoint = {
    ...askedOf(asked),
    ...(flags.macAddress === undefined ? {} : { askedMac: checkMac(flags.macAddress) }),
  };
  if (parsed.kind === 'container') {
    refuseWithContainer(request, networking);
    const id = findContainer(context.table, parsed.container);
    return { mode: `container:${id}`, networking, network: undefined, endpoint };
  }
  if (parsed.kind === 'driver') return { mode, networking, network: undefined, endpoint };
  ensureBuiltIn(context.store, drivers, () => context.machine.facts);
  const network = networkForCreate(new NetworkTable(context.store.database), parsed.name);
  checkAsked(network, endpoint);
  return { mode: network.name, networking, network, endpoint };
}

/** What was asked for of an endpoint, checked for its form. @throws WherryError `E_NETWORK_FLAG` */
export function askedOf({
  aliases = [],
  ip,
  ip6,
}: ConnectOptions): Pick<EndpointRow, 'aliases' | 'askedIp4' | 'askedIp6'> {
  return {
    aliases: checkAliases(aliases),
    ...(ip === undefined ? {} : { askedIp4: checkFamily('--ip', ip, 4) }),
    ...(ip6 === undefined ? {} : { askedIp6: checkFamily('--ip6', ip6, 6) }),
  };
}

/**
 * Looks whether an endpoint can be what was asked for in a network.
 * @throws WherryError `E_NETWORK_FLAG`, `E_ADDRESS`
 */
export function checkAsked(
  network: NetworkRow,
  endpoint: Pick<EndpointRow, 'aliases' | 'askedIp4' | 'askedIp6'>,
): void {
  const asksAddress = endpoint.askedIp4 !== undefined || endpoint.askedIp6 !== undefined;
  if (BUILT_IN.includes(network.name)) {
    if (asksAddress) {
      throw refuse(
        'user specified IP address is supported on user defined networks only',
        'wherry network create --subnet SUBNET NAME   makes one.',
      );
    }
    if (endpoint.aliases.length > 0) {
      throw refuse(
        'network-scoped alias is supported only for containers in user defined networks',
        'wherry network create NAME   makes one.',
      );
    }
    return;
  }
  if (!asksAddress) return;
  // Whether it is free is asked at the start, when it is needed.
  const probe = { network: network.id, container: '', position: 0, id: '', ...endpoint };
  chooseAddresses(network.config, probe, new Map());
}

function refuseWithContainer({ networking = {}, hostname }: CreateRequest, settled: Networking): void {
  const conflict =
    settled.ports.length > 0
      ? 'port publishing'
      : settled.dns.length > 0
        ? 'dns'
        : settled.links.length > 0
          ? 'links'
          : settled.addHosts.length > 0
            ? 'custom host-to-IP mapping'
            : hostname !== undefined
              ? 'hostname'
              : networking.macAddress !== undefined
                ? 'mac-address'
                : undefined;
  if (conflict === undefined) return;
  throw refuse(
    `conflicting options: ${conflict} and the container type network mode`,
    'Give the flag to the container whose network is shared.',
  );
}

/** Puts a drafted container into its network; within the transaction that writes it down. */
export function commitNetworks(
  { store }: Pick<ContainerContext, 'store'>,
  container: string,
  { network, endpoint }: DraftNetworks,
): void {
  if (network === undefined) return;
  connectEndpoint(new NetworkTable(store.database), network, container, endpoint);
}

/** Adds an endpoint, with an id of its own. */
export function connectEndpoint(
  table: NetworkTable,
  network: NetworkRow,
  container: string,
  endpoint: DraftNetworks['endpoint'],
): EndpointRow {
  const id = randomHex(32);
  return table.connect({ network: network.id, container, id, ...endpoint });
}
