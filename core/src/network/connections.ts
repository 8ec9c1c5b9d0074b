import { type ContainerContext, currentRow } from '../container/context.ts';
import { commitState, driverGrants } from '../container/drivers.ts';
import { findContainer } from '../container/find.ts';
import { WherryError } from '../errors/error.ts';
import { networkEvent } from '../event/start-events.ts';
import { EventTable } from '../event/table.ts';
import { type CheckedPlan, checkPlan } from '../plan/check.ts';
import type { Step } from '../plugin/contract.ts';
import type { Drivers, NetworkDriver } from '../plugin/drivers.ts';
import type { NetworkOperation } from '../program/operation.ts';
import { findNetwork } from './builtin.ts';
import { askedOf, checkAsked, connectEndpoint } from './draft.ts';
import { interfaceName, refuseSameName } from './endpoint-options.ts';
import { heldNamespaces } from './held-namespaces.ts';
import { changeNow } from './live.ts';
import { keepResolvConf } from './live-resolv.ts';
import { refreshNames } from './members.ts';
import { parseMode } from './mode.ts';
import { lease, planEndpoint } from './plan.ts';
import type { ConnectOptions } from './request.ts';
import { type EndpointRow, type NetworkRow, NetworkTable } from './table.ts';

/** Which networks a container is in; the interfaces of one that runs come and go with that. */
export class NetworkConnections {
  readonly #context: ContainerContext;
  readonly #drivers: Drivers;
  readonly #table: NetworkTable;

  constructor(context: ContainerContext, drivers: Drivers) {
    this.#context = context;
    this.#drivers = drivers;
    this.#table = new NetworkTable(context.store.database);
  }

  async connect(nameOrId: string, nameOfContainer: string, options: ConnectOptions): Promise<void> {
    const { store, table } = this.#context;
    const network = findNetwork(this.#table, nameOrId);
    const container = findContainer(table, nameOfContainer);
    const asked = askedOf(options);
    for (const link of asked.links ?? []) findContainer(table, link.container);
    this.#refuseMixed(network, container);
    checkAsked(network, asked);
    const current = currentRow(this.#context, container);
    const running = current?.running === true;
    const endpoint = store.database.transaction(() => {
      if (this.#table.endpointsOf(container).some((each) => each.network === network.id)) {
        throw new WherryError(
          `endpoint with name ${current?.row.name ?? container} already exists in network ${network.name}`,
          { code: 'E_ENDPOINT_EXISTS', hint: `It is connected to ${network.name} already.` },
        );
      }
      const row = connectEndpoint(this.#table, network, container, asked);
      refuseSameName(this.#table.endpointsOf(container));
      if (running) new EventTable(store.database).insert(networkEvent('connect', network, container));
      return running ? lease(this.#context, network, row, false) : row;
    });
    if (!running) return;
    try {
      await keepResolvConf(this.#context, this.#drivers, container, () => this.#attachNow(network, endpoint));
    } catch (error) {
      this.#table.disconnect(network.id, container);
      throw error;
    }
    refreshNames(this.#context);
  }

  /** @throws WherryError for containers without a network namespace of their own */
  #refuseMixed(network: NetworkRow, container: string): void {
    const mode = parseMode(this.#context.table.spec(container)?.network ?? '');
    const own = this.#table
      .endpointsOf(container)
      .flatMap((each) => this.#table.get(each.network)?.name ?? []);
    const shared = mode.kind === 'network' && (mode.name === 'host' || own.includes('host'));
    if (shared || network.name === 'host') {
      throw new WherryError(
        'container cannot be connected to host network, or disconnected from it: its network mode is settled at its creation',
        { code: 'E_NETWORK_MODE', hint: 'Create the container with another --network.' },
      );
    }
    if (mode.kind === 'container') {
      throw new WherryError(
        'container sharing network namespace with another container or host cannot be connected to any other network',
        {
          code: 'E_NETWORK_MODE',
          hint: 'Connect the container whose network is shared.',
        },
      );
    }
    if (mode.kind === 'driver' || own.includes('none') || network.name === 'none') {
      throw new WherryError(
        'container cannot be connected to multiple networks with one of the networks in private (none) mode',
        {
          code: 'E_NETWORK_MODE',
          hint: 'Create the container with a network of driver bridge.',
        },
      );
    }
  }

  async #attachNow(network: NetworkRow, endpoint: EndpointRow): Promise<void> {
    const { store } = this.#context;
    // The route outside that it has stays, unless the new network is to have it before all others.
    const outward = this.#table
      .endpointsOf(endpoint.container)
      .filter((each) => this.#table.get(each.network)?.config.internal === false);
    const has = outward[0] !== undefined && outward[0].network !== network.id;
    const planned = planEndpoint(this.#context, this.#drivers, {
      network,
      endpoint,
      ports: [],
      routed: { v4: has, v6: has },
    });
    await changeNow(this.#context, {
      plans: [planned.plans],
      container: endpoint.container,
      what: `the container can't be connected to network ${network.name}`,
    });
    store.database.transaction(() => commitState(store, planned.state));
  }

  async disconnect(nameOrId: string, nameOfContainer: string, force: boolean): Promise<void> {
    const { store, table } = this.#context;
    const network = findNetwork(this.#table, nameOrId);
    const container = findContainer(table, nameOfContainer);
    const endpoint = this.#table.endpointsOf(container).find((each) => each.network === network.id);
    if (endpoint === undefined) {
      if (force) return;
      throw new WherryError(`container ${container} is not connected to network ${network.name}`, {
        code: 'E_NOT_CONNECTED',
        hint: `wherry network inspect ${network.name}   lists its containers.`,
      });
    }
    const running = currentRow(this.#context, container)?.running === true;
    if (network.name === 'host' && running) this.#refuseMixed(network, container);
    const driver = this.#drivers.network(network.driver);
    const { value, changes } = driver.detach(container, network.config, interfaceName(endpoint));
    const steps = checkNetworkPlan(driver, 'detach', value);
    const change = async (): Promise<void> => {
      const held = heldNamespaces(store.database).has(container);
      if (running || held) await this.#detachNow(network, endpoint, steps, running);
      store.database.transaction(() => {
        this.#table.disconnect(network.id, container);
        if (running) new EventTable(store.database).insert(networkEvent('disconnect', network, container));
        commitState(store, [{ info: driver.info, changes }]);
      });
    };
    if (running) await keepResolvConf(this.#context, this.#drivers, container, change);
    else await change();
    refreshNames(this.#context, container);
  }

  /** Others may share the network of one that has ended; their routes are their own. */
  async #detachNow(
    network: NetworkRow,
    endpoint: EndpointRow,
    steps: CheckedPlan,
    running: boolean,
  ): Promise<void> {
    const driver = this.#drivers.network(network.driver);
    await changeNow(this.#context, {
      plans: [{ network: checkNetworkPlan(driver, 'create-network', []), endpoint: steps, tolerant: true }],
      ...(running ? { links: this.#routesWithout(endpoint), container: endpoint.container } : {}),
      what: `the container can't be disconnected from network ${network.name}`,
    });
  }

  /** Another network's gateway takes over the default route, which goes with the interface. */
  #routesWithout(endpoint: EndpointRow): readonly NetworkOperation[] {
    const left = this.#table
      .endpointsOf(endpoint.container)
      .filter((each) => each.network !== endpoint.network)
      .flatMap((each) => {
        const network = this.#table.get(each.network);
        return network === undefined || network.config.internal ? [] : [{ network, endpoint: each }];
      });
    const [next] = left;
    if (next === undefined) return [];
    const routes = next.network.config.subnets.flatMap(({ gateway }) =>
      gateway === undefined
        ? []
        : [
            {
              op: 'route-add',
              place: 'container',
              destination: gateway.includes(':') ? '::/0' : '0.0.0.0/0',
              gateway,
              link: interfaceName(next.endpoint),
            } as const,
          ],
    );
    // A route that is there already stays.
    return [...routes, { op: 'network-apply', tolerant: true }];
  }
}

/** @throws WherryError for a plan that the gate refuses */
export function checkNetworkPlan(
  driver: NetworkDriver,
  request: string,
  steps: readonly Step[],
): CheckedPlan {
  return checkPlan({
    asker: { kind: 'network', driver: driver.info.name, request },
    steps,
    grants: driverGrants(driver),
  });
}
