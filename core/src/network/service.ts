import { existsSync } from 'node:fs';
import { type ContainerContext, fold } from '../container/context.ts';
import { commitState } from '../container/drivers.ts';
import { WherryError } from '../errors/error.ts';
import { recordEvents } from '../event/fold.ts';
import { networkEvent } from '../event/start-events.ts';
import { EventTable } from '../event/table.ts';
import type { CheckedPlan } from '../plan/check.ts';
import { explainPlan } from '../plan/explain.ts';
import type { Drivers, NetworkDriver } from '../plugin/drivers.ts';
import { forgetInNetworks } from '../store/driver-state.ts';
import { BUILT_IN, findNetwork } from './builtin.ts';
import { ensureBuiltIn, insertNetwork } from './builtin-create.ts';
import { checkNetworkPlan, NetworkConnections } from './connections.ts';
import { auxiliaryOf, configFor } from './create.ts';
import { keeperSocket } from './directory.ts';
import { changeNow } from './live.ts';
import { summarize } from './look.ts';
import { activeMembers } from './members.ts';
import type { ConnectOptions, CreateNetworkRequest, NetworkSummary } from './request.ts';
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
  readonly #connections: NetworkConnections;

  constructor(context: ContainerContext, drivers: Drivers) {
    this.#context = context;
    this.#drivers = drivers;
    this.#table = new NetworkTable(context.store.database);
    this.#connections = new NetworkConnections(context, drivers);
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
    return `${explainPlan(checkNetworkPlan(driver, 'create-network', steps)).join('\n')}\n`;
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
      const checked = checkNetworkPlan(driver, 'remove-network', value);
      for (const { container } of this.#table.membersOf(network.id)) {
        this.#table.disconnect(network.id, container);
      }
      this.#table.delete(network.id);
      new EventTable(store.database).insert(networkEvent('destroy', network));
      commitState(store, [{ info: driver.info, changes }]);
      forgetInNetworks(store.database, network.id);
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
    const nothing = checkNetworkPlan(driver, 'create-network', []);
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

  connect(nameOrId: string, container: string, options: ConnectOptions): Promise<void> {
    return this.#connections.connect(nameOrId, container, options);
  }

  disconnect(nameOrId: string, container: string, force: boolean): Promise<void> {
    return this.#connections.disconnect(nameOrId, container, force);
  }

  #activeMembers(network: NetworkRow): readonly EndpointRow[] {
    return activeMembers(this.#context, network.id).map(({ endpoint }) => endpoint);
  }
}
