import { commitState, driverGrants } from '../container/drivers.ts';
import { timestamp } from '../container/time.ts';
import { WherryError } from '../errors/error.ts';
import { networkEvent } from '../event/start-events.ts';
import { EventTable } from '../event/table.ts';
import { checkPlan } from '../plan/check.ts';
import type { Facts, NetworkConfig } from '../plugin/contract.ts';
import type { Drivers } from '../plugin/drivers.ts';
import type { Store } from '../store/store.ts';
import { BUILT_IN, builtInId, emptyConfig } from './builtin.ts';
import { type NetworkRow, NetworkTable } from './table.ts';

export interface NewNetwork {
  readonly config: NetworkConfig;
  readonly driver: string;
  readonly attachable: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly auxiliary?: Readonly<Record<string, string>>;
}

/**
 * Has a driver complete a network, and writes it down, in one transaction with what the driver keeps.
 * @throws WherryError of the driver, or `E_PLAN_REFUSED`
 */
export function insertNetwork(store: Store, drivers: Drivers, facts: Facts, network: NewNetwork): NetworkRow {
  refuseSecond(store, network);
  return store.database.transaction(() => {
    const driver = drivers.network(network.driver);
    driver.validate(network.config, facts);
    const { value, changes } = driver.createNetwork(network.config, facts);
    checkPlan({
      asker: { kind: 'network', driver: driver.info.name, request: 'create-network' },
      steps: value.steps,
      grants: driverGrants(driver),
    });
    const { attachable, labels, auxiliary = {} } = network;
    const row = {
      id: network.config.id,
      name: network.config.name,
      driver: driver.info.name,
      created: timestamp(),
      attachable,
      config: value.config,
      labels,
      auxiliary,
    };
    new NetworkTable(store.database).insert(row);
    commitState(store, [{ info: driver.info, changes }]);
    if (!BUILT_IN.includes(row.name)) new EventTable(store.database).insert(networkEvent('create', row));
    return row;
  });
}

/** What shares the host's network, or has none, is the same however many there are. */
function refuseSecond(store: Store, { driver, config }: NewNetwork): void {
  if ((driver !== 'host' && driver !== 'none' && driver !== 'null') || config.name === driver) return;
  if (new NetworkTable(store.database).byName(driver === 'null' ? 'none' : driver) === undefined) return;
  throw new WherryError(`only one instance of "${driver === 'none' ? 'null' : driver}" network is allowed`, {
    code: 'E_NETWORK_BUILT_IN',
    hint: 'bridge, host and none are always there; --driver bridge makes others.',
  });
}

/** Makes the networks that are always there, at the first need of one. */
export function ensureBuiltIn(store: Store, drivers: Drivers, facts: () => Facts): void {
  const table = new NetworkTable(store.database);
  if (table.byName('none') !== undefined) return;
  store.database.transaction(() => {
    for (const name of BUILT_IN) {
      if (table.byName(name) !== undefined) continue;
      const config = emptyConfig(builtInId(name), name);
      insertNetwork(store, drivers, facts(), { config, driver: name, attachable: false, labels: {} });
    }
  });
}
