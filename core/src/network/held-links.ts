import { existsSync } from 'node:fs';
import type { ContainerContext } from '../container/context.ts';
import { checkNetworkPlan } from './connections.ts';
import { keeperSocket } from './directory.ts';
import { interfaceName } from './endpoint-options.ts';
import { changeNow } from './live.ts';
import { NetworkTable } from './table.ts';

/**
 * Takes the links of a container that is removed out of the namespace that others still have, as nobody answers for its addresses
 * from then on.
 */
export async function removeHeldLinks(context: ContainerContext, container: string): Promise<void> {
  if (!existsSync(keeperSocket(context))) return;
  const table = new NetworkTable(context.store.database);
  const drivers = await context.drivers();
  const plans = table.endpointsOf(container).flatMap((endpoint) => {
    const network = table.get(endpoint.network);
    if (network === undefined) return [];
    const driver = drivers.network(network.driver);
    const { value } = driver.detach(container, network.config, interfaceName(endpoint));
    const nothing = checkNetworkPlan(driver, 'create-network', []);
    return [{ network: nothing, endpoint: checkNetworkPlan(driver, 'detach', value), tolerant: true }];
  });
  if (plans.every(({ endpoint }) => endpoint.steps.length === 0)) return;
  await changeNow(context, {
    plans,
    what: 'the links of the removed container can’t be taken from those that share its network',
  });
}
