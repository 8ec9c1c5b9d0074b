import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerContext } from '../container/context.ts';
import type { Drivers } from '../plugin/drivers.ts';
import { interfaceName } from './endpoint-options.ts';
import { writeInPlace } from './members.ts';
import { containerResolvConf } from './start.ts';
import { NetworkTable } from './table.ts';

/** A container's /etc/resolv.conf by the networks that it is in now. */
function resolvConfNow(context: ContainerContext, drivers: Drivers, container: string): string {
  const { store, table } = context;
  const networks = new NetworkTable(store.database);
  const attachments = networks.endpointsOf(container).flatMap((endpoint) => {
    const network = networks.get(endpoint.network);
    if (network === undefined) return [];
    const driver = drivers.network(network.driver);
    const attachment = driver.status(container, network.config, interfaceName(endpoint)).value;
    return [{ network, attachment }];
  });
  return containerResolvConf(table.spec(container)?.networking, attachments);
}

/**
 * Changes a running container's networks, and its /etc/resolv.conf with them unless somebody has edited that file.
 * @param change what is done to the networks in between
 */
export async function keepResolvConf(
  context: ContainerContext,
  drivers: Drivers,
  container: string,
  change: () => Promise<void>,
): Promise<void> {
  const path = join(context.store.paths.container(container), 'resolv.conf');
  const before = resolvConfNow(context, drivers, container);
  await change();
  const after = resolvConfNow(context, drivers, container);
  if (after !== before && readText(path) === before) writeInPlace(path, () => after);
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Gone with its container: nothing is to be kept.
    return '';
  }
}
