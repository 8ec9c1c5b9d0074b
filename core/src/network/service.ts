import { existsSync } from 'node:fs';
import { type ContainerContext, currentRow, fold } from '../container/context.ts';
import { commitState, driverGrants } from '../container/drivers.ts';
import { findContainer } from '../container/find.ts';
import { WherryError } from '../errors/error.ts';
import { recordEvents } from '../event/fold.ts';
import { networkEvent } from '../event/start-events.ts';
import { EventTable } from '../event/table.ts';
import { type CheckedPlan, checkPlan } from '../plan/check.ts';
import { explainPlan } from '../plan/explain.ts';
import type { Step } from '../plugin/contract.ts';
import type { Drivers, NetworkDriver } from '../plugin/drivers.ts';
import type { NetworkOperation } from '../program/operation.ts';
import { BUILT_IN, findNetwork } from './builtin.ts';
import { ensureBuiltIn, insertNetwork } from './builtin-create.ts';
import { auxiliaryOf, configFor } from './create.ts';
import { keeperSocket } from './directory.ts';
import { askedOf, checkAsked, connectEndpoint } from './draft.ts';
import { interfaceName, refuseSameName } from './endpoint-options.ts';
import { networkDetails, networkSettings } from './inspect.ts';
import { changeNow } from './live.ts';
import { keepResolvConf } from './live-resolv.ts';
import { activeMembers, refreshNames } from './members.ts';
import { parseMode } from './mode.ts';
import { lease, planEndpoint } from './plan.ts';
import type {
  ConnectOptions,
  CreateNetworkRequest,
  NetworkDetails,
  NetworkSettings,
  NetworkSummary,
} from './request.ts';
import { type EndpointRow, type NetworkRow, NetworkTable } from './table.ts';

export async function openNetworks(context: ContainerContext): Promise<NetworkService> {
  const drivers = await context.drivers();
  ensureBuiltIn(context.store, drivers, () => context.machine.facts);
  return new NetworkService(context, drivers);
}

/** User-defined networks, and what of networks changes while containers run. */
export class NetworkService {
  readonly #context: ContainerContext;
  readonly #drivers: Drivers;
  readonly #table: NetworkTable;

  constructor(context: ContainerContext, drivers: Drivers) {
    this.#context = context;
    this.#drivers = drivers;
    this.#table = new NetworkTable(context.store.database);
  }

  async create(request: CreateNetworkRequest): Promise<string> {
    const { store, machine } = this.#context;
    return store.database.transaction(() => {
      const config = configFor(this.#table, request);
      const { driver = 'bridge', attachable = false, labels = {} } = request;
      const network = { config, driver, attachable, labels, auxiliary: auxiliaryOf(request) };
      return insertNetwork(store, this.#drivers, machine.facts, network).id;
    });
  }

  async explain(request: CreateNetworkRequest): Promise<string> {
    const driver = this.#drivers.network(request.driver ?? 'bridge');
    const config = configFor(this.#table, request);
    auxiliaryOf(request);
    const { steps } = driver.createNetwork(config, this.#context.machine.facts).value;
    return `${explainPlan(this.#check(driver, 'create-network', steps)).join('\n')}\n`;
  }

  async list({ use = false }: { readonly use?: boolean } = {}): Promise<readonly NetworkSummary[]> {
    const all = this.#table.all();
    if (!use) return all.map(summarize);
    fold(this.#context, this.#context.table.inState('started'));
    return all.map((network) => ({
      ...summarize(network),
      used: this.#activeMembers(network).length > 0,
    }));
  }

  async inspect(nameOrId: string): Promise<NetworkDetails> {
    const network = findNetwork(this.#table, nameOrId);
    const { table } = this.#context;
    fold(this.#context, table.inState('started'));
    const members = this.#activeMembers(network).map((endpoint) => ({
      endpoint,
      name: table.get(endpoint.container)?.name ?? '',
    }));
    return networkDetails(network, members);
  }

  async remove(nameOrId: string): Promise<string> {
    const network = findNetwork(this.#table, nameOrId);
    if (BUILT_IN.includes(network.name)) {
      throw new WherryError(`${network.name} is a pre-defined network and cannot be removed`, {
        code: 'E_NETWORK_BUILT_IN',
        hint: 'bridge, host and none are always there.',
      });
    }
    const { store, table } = this.#context;
    const driver = this.#drivers.network(network.driver);
    const steps = store.database.transaction(() => {
      fold(this.#context, table.inState('started'));
      this.#refuseActive(network);
      const { value, changes } = driver.removeNetwork(network.config);
      const checked = this.#check(driver, 'remove-network', value);
      for (const { container } of this.#table.membersOf(network.id)) {
        this.#table.disconnect(network.id, container);
      }
      this.#table.delete(network.id);
      new EventTable(store.database).insert(networkEvent('destroy', network));
      commitState(store, [{ info: driver.info, changes }]);
      return checked;
    });
    await this.#takeDown(network, driver, steps);
    return network.name;
  }

  #refuseActive(network: NetworkRow): void {
    const active = this.#activeMembers(network);
    if (active.length === 0) return;
    const names = active.map(({ container }) => this.#context.table.get(container)?.name ?? container);
    throw new WherryError(
      `error while removing network: network ${network.name} id ${network.id} has active endpoints (${names.join(', ')})`,
      {
        code: 'E_NETWORK_IN_USE',
        hint: `wherry network disconnect ${network.name} ${names[0]}   takes a container out of it.`,
      },
    );
  }

  /** What of a network is in the shared namespace, when there is one. A new one is made without it. */
  async #takeDown(network: NetworkRow, driver: NetworkDriver, steps: CheckedPlan): Promise<void> {
    if (steps.steps.length === 0 || !existsSync(keeperSocket(this.#context))) return;
    const nothing = this.#check(driver, 'create-network', []);
    await changeNow(this.#context, {
      plans: [{ network: nothing, endpoint: steps, tolerant: true }],
      what: `network ${network.name} can't be taken down`,
    }).catch((error: unknown) => {
      // Links may be gone already: the keeper of the namespace goes with the last container.
      if (!(error instanceof WherryError) || error.code !== 'E_NETWORK_FAILED') throw error;
    });
  }

  async prune(select: (network: NetworkSummary) => boolean): Promise<readonly string[]> {
    const removed: string[] = [];
    fold(this.#context, this.#context.table.inState('started'));
    for (const network of this.#table.all()) {
      if (BUILT_IN.includes(network.name) || !select(summarize(network))) continue;
      if (this.#isUsed(network)) continue;
      removed.push(await this.remove(network.id));
    }
    recordEvents(this.#context, [
      { type: 'network', action: 'prune', actor: '', attributes: { reclaimed: '0' } },
    ]);
    return removed;
  }

  /** Whether a container of any state is in it; one with --rm that has ended is as good as gone. */
  #isUsed(network: NetworkRow): boolean {
    const { table } = this.#context;
    const idle = this.#table
      .membersOf(network.id)
      .some(({ container }) => table.get(container)?.state !== 'started');
    return idle || this.#activeMembers(network).length > 0;
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
    const steps = this.#check(driver, 'detach', value);
    const change = async (): Promise<void> => {
      if (running) await this.#detachNow(network, endpoint, steps);
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

  async #detachNow(network: NetworkRow, endpoint: EndpointRow, steps: CheckedPlan): Promise<void> {
    const driver = this.#drivers.network(network.driver);
    await changeNow(this.#context, {
      plans: [{ network: this.#check(driver, 'create-network', []), endpoint: steps, tolerant: true }],
      links: this.#routesWithout(endpoint),
      container: endpoint.container,
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

  async settings(nameOfContainer: string): Promise<NetworkSettings> {
    const { table, store } = this.#context;
    const container = findContainer(table, nameOfContainer);
    const running = currentRow(this.#context, container)?.running === true;
    const places = this.#table.endpointsOf(container).flatMap((endpoint) => {
      const network = this.#table.get(endpoint.network);
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

  #activeMembers(network: NetworkRow): readonly EndpointRow[] {
    return activeMembers(this.#context, network.id).map(({ endpoint }) => endpoint);
  }

  #check(driver: NetworkDriver, request: string, steps: readonly Step[]): CheckedPlan {
    return checkPlan({
      asker: { kind: 'network', driver: driver.info.name, request },
      steps,
      grants: driverGrants(driver),
    });
  }
}

function summarize({ id, name, driver, created, config, labels }: NetworkRow): NetworkSummary {
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
