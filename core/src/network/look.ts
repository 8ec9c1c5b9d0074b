import { type ContainerContext, currentRow, fold } from '../container/context.ts';
import { findContainer } from '../container/find.ts';
import { findNetwork } from './builtin.ts';
import { networkDetails, networkSettings } from './inspect.ts';
import { activeMembers } from './members.ts';
import type { NetworkDetails, NetworkSettings, NetworkSummary } from './request.ts';
import { type NetworkRow, NetworkTable } from './table.ts';

/*
 * What the books say of networks. No driver is asked: to load one takes longer than all else that `network ls` and `inspect` of a
 * container do.
 */

/** @param use Whether to look which of them containers use that run */
export function listNetworks(
  context: ContainerContext,
  { use = false }: { readonly use?: boolean } = {},
): readonly NetworkSummary[] {
  const all = new NetworkTable(context.store.database).all();
  if (!use) return all.map(summarize);
  fold(context, context.table.inState('started'));
  return all.map((network) => ({
    ...summarize(network),
    used: activeMembers(context, network.id).length > 0,
  }));
}

/** @throws WherryError `E_NETWORK_NOT_FOUND`, `E_NETWORK_AMBIGUOUS` */
export function inspectNetwork(context: ContainerContext, nameOrId: string): NetworkDetails {
  const network = findNetwork(new NetworkTable(context.store.database), nameOrId);
  const { table } = context;
  fold(context, table.inState('started'));
  const members = activeMembers(context, network.id).map(({ endpoint }) => ({
    endpoint,
    name: table.get(endpoint.container)?.name ?? '',
  }));
  return networkDetails(network, members);
}

/** The networks of a container. @throws WherryError `E_CONTAINER_NOT_FOUND` */
export function settingsOf(context: ContainerContext, nameOfContainer: string): NetworkSettings {
  const { table, store } = context;
  const networks = new NetworkTable(store.database);
  const container = findContainer(table, nameOfContainer);
  const running = currentRow(context, container)?.running === true;
  const places = networks.endpointsOf(container).flatMap((endpoint) => {
    const network = networks.get(endpoint.network);
    return network === undefined ? [] : [{ network, endpoint }];
  });
  return networkSettings({
    container: table.get(container),
    spec: table.spec(container),
    running,
    places,
    directory: store.paths.container(container),
  });
}

export function summarize({ id, name, driver, created, config, labels }: NetworkRow): NetworkSummary {
  return {
    id,
    name,
    driver,
    scope: 'local',
    created,
    internal: config.internal,
    ipv4: config.ipv4,
    ipv6: config.ipv6,
    labels,
  };
}
