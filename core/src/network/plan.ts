import { type ContainerContext, fold } from '../container/context.ts';
import { driverGrants, type StateUpdate } from '../container/drivers.ts';
import type { ContainerRow, ContainerSpec } from '../container/record.ts';
import { WherryError } from '../errors/error.ts';
import { type CheckedPlan, checkPlan } from '../plan/check.ts';
import type { Attachment, PortMapping, Sharing, Step } from '../plugin/contract.ts';
import type { Drivers } from '../plugin/drivers.ts';
import { adHocNetwork, networkNotFound } from './builtin.ts';
import type { EndpointPlans } from './encode.ts';
import { addressesOf } from './endpoint-address.ts';
import { interfaceName, interfaceSettings } from './endpoint-options.ts';
import { chooseAddresses } from './lease.ts';
import { parseMode } from './mode.ts';
import type { PublishedPort } from './request.ts';
import { type EndpointRow, type NetworkRow, NetworkTable } from './table.ts';

/** What the drivers want for a container's networks, checked. */
export interface NetworksPlan {
  readonly sharing: Sharing;
  readonly plans: readonly EndpointPlans[];
  readonly attachments: readonly {
    readonly network: NetworkRow;
    readonly attachment: Attachment | undefined;
  }[];
  /** What the drivers want kept in their states. */
  readonly state: readonly StateUpdate[];
}

type Context = Pick<ContainerContext, 'store' | 'machine' | 'table' | 'processes'> & ContainerContext;

/**
 * Leases addresses for a container that is to be started, and asks the drivers for its plans. To be called within the
 * transaction that notes the start.
 * @throws WherryError `E_NETWORK_NOT_FOUND`, `E_NO_ADDRESS`, `E_ADDRESS_IN_USE`, and what drivers refuse
 */
export function planNetworks(
  context: Context,
  drivers: Drivers,
  row: ContainerRow,
  spec: ContainerSpec,
  ports: readonly PublishedPort[],
): NetworksPlan {
  const mode = parseMode(spec.network);
  if (mode.kind === 'container') return { sharing: 'own', plans: [], attachments: [], state: [] };
  const places = mode.kind === 'driver' ? adHocPlaces(spec, row) : placesOf(context, row, spec);
  const portsAt = places.findIndex(({ network }) => !network.config.internal);
  const routed = { v4: false, v6: false };
  const endpoints = places.map(({ network, endpoint }, index) => {
    const leased = mode.kind === 'driver' ? endpoint : lease(context, network, endpoint, true);
    return planEndpoint(context, drivers, {
      network,
      endpoint: leased,
      ports: index === portsAt ? ports : [],
      routed,
    });
  });
  return {
    sharing: endpoints.some(({ sharing }) => sharing === 'host') ? 'host' : 'own',
    plans: endpoints.map(({ plans }) => plans),
    attachments: endpoints.map(({ network, attachment }) => ({ network, attachment })),
    state: endpoints.flatMap(({ state }) => state),
  };
}

interface Place {
  readonly network: NetworkRow;
  readonly endpoint: EndpointRow;
}

function adHocPlaces(spec: ContainerSpec, row: ContainerRow): readonly Place[] {
  const network = adHocNetwork(spec.network);
  if (network === undefined) throw networkNotFound(spec.network);
  const endpoint = { network: network.id, container: row.id, position: 0, id: row.id, aliases: [] };
  return [{ network, endpoint }];
}

function placesOf({ store }: Context, row: ContainerRow, spec: ContainerSpec): readonly Place[] {
  const table = new NetworkTable(store.database);
  table.renumber(row.id);
  const places = table.endpointsOf(row.id).flatMap((endpoint) => {
    const network = table.get(endpoint.network);
    return network === undefined ? [] : [{ network, endpoint }];
  });
  // It was disconnected from all, or its network was removed while it didn't run.
  if (places.length === 0 && row.launch > 0 && table.byName(spec.network) === undefined) {
    throw networkNotFound(spec.network);
  }
  return places;
}

/** Leases addresses of a network for an endpoint. @throws WherryError `E_NO_ADDRESS`, `E_ADDRESS_IN_USE`, `E_ADDRESS` */
export function lease(
  context: Context,
  network: NetworkRow,
  endpoint: EndpointRow,
  preparing: boolean,
): EndpointRow {
  const table = new NetworkTable(context.store.database);
  const choose = (): EndpointRow =>
    chooseAddresses(
      network.config,
      endpoint,
      table.leased(network.id, endpoint.container),
      network.auxiliary,
    );
  let chosen: EndpointRow;
  try {
    chosen = choose();
  } catch (error) {
    if (!(error instanceof WherryError) || error.code === 'E_ADDRESS') throw error;
    // Containers that have ended unnoticed still have theirs.
    fold(context, context.table.inState('started'));
    chosen = choose();
  }
  table.lease(chosen, preparing);
  return chosen;
}

export interface EndpointToPlan extends Place {
  readonly ports: readonly PublishedPort[];
  /** Families for which the container has a default route; updated. */
  readonly routed: { v4: boolean; v6: boolean };
}

export interface PlannedEndpoint extends Place {
  readonly plans: EndpointPlans;
  readonly sharing: Sharing;
  readonly attachment: Attachment | undefined;
  readonly state: readonly StateUpdate[];
}

/** Asks a driver how a container is attached, and for what its network needs as a whole. */
export function planEndpoint(
  { machine }: Pick<Context, 'machine'>,
  drivers: Drivers,
  { network, endpoint, ports, routed }: EndpointToPlan,
): PlannedEndpoint {
  const { facts } = machine;
  const driver = drivers.network(network.driver);
  const { info } = driver;
  const grants = driverGrants(driver);
  const asked = ports.map(portMapping);
  const whole = driver.createNetwork(network.config, facts);
  const attach = driver.attach({
    container: endpoint.container,
    network: network.config,
    endpoint: {
      interfaceName: interfaceName(endpoint),
      addresses: addressesOf(network, endpoint),
      aliases: endpoint.aliases,
      ...(endpoint.mac === undefined ? {} : { mac: endpoint.mac }),
    },
    ports: asked,
    facts,
  });
  const { sharing, attachment } = attach.value;
  const check = (request: string, steps: readonly Step[]): CheckedPlan => {
    const asker = { kind: 'network', driver: info.name, request } as const;
    return checkPlan({ asker, steps, grants, sharing, ports: request === 'attach' ? asked : [] });
  };
  return {
    network,
    endpoint,
    plans: {
      network: check('create-network', whole.value.steps),
      endpoint: check('attach', withoutSecondRoute(attach.value.steps, routed)),
      tolerant: false,
      settings: sharing === 'host' ? [] : interfaceSettings(endpoint),
    },
    sharing,
    attachment,
    state: [
      { info, changes: whole.changes },
      { info, changes: attach.changes },
    ],
  };
}

/** One of a container's networks has its default route, for each family. */
function withoutSecondRoute(steps: readonly Step[], routed: { v4: boolean; v6: boolean }): readonly Step[] {
  return steps.filter(({ do: operation }) => {
    if (operation.tag !== 'route-add' || !/^(?:0\.0\.0\.0|::)\/0$/.test(operation.val.destination))
      return true;
    const family = operation.val.destination.includes(':') ? 'v6' : 'v4';
    if (routed[family]) return false;
    routed[family] = true;
    return true;
  });
}

const portMapping = ({ protocol, hostIp, hostPort, containerPort }: PublishedPort): PortMapping => ({
  protocol,
  hostIp,
  hostPort,
  containerPort,
});
