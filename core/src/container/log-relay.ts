import { join } from 'node:path';
import type { DriverLogConfig } from '../log/driver/config.ts';
import type { RelayConfig } from '../log/relay/config.ts';
import type { CheckedPlan } from '../plan/check.ts';
import type { SettingOperation } from '../program/operation.ts';
import type { ContainerContext } from './context.ts';
import { shortId } from './id.ts';
import { giveToRoot } from './roots.ts';

const TLS = /^tls:\[?(.+?)\]?:(\d+)$/;

/** Where a container's monitor finds its relay: beside the state, whose paths may be too long for a socket. */
export function relaySocket({ store }: Pick<ContainerContext, 'store'>, id: string): string {
  return join(store.paths.runtime(), `log-${shortId(id)}`);
}

/**
 * Starts the process that speaks TLS for the monitor, or runs the driver's `write`, where the sink asks for one.
 * @throws WherryError `E_LOG_RELAY`, `E_LOG_DRIVER`
 */
export async function relayLog(
  context: Pick<ContainerContext, 'store' | 'machine' | 'env'>,
  id: string,
  log: CheckedPlan,
): Promise<void> {
  if (log.sink?.tag === 'driver') {
    const { startDriverLog } = await import('../log/driver/start.ts');
    const own = driverLogConfig(context, id, log);
    await startDriverLog(own);
    giveToRoot(context.machine, own.socket);
    return;
  }
  const config = relayConfig(context, id, log);
  if (config === undefined) return;
  const { startRelay } = await import('../log/relay/start.ts');
  await startRelay(config);
  giveToRoot(context.machine, config.socket);
}

/** What a monitor executes when the process that serves its log is gone; nothing for sinks without one. */
export async function logHelper(
  context: Pick<ContainerContext, 'store' | 'env'>,
  id: string,
  log: CheckedPlan,
): Promise<readonly SettingOperation[]> {
  if (log.sink?.tag === 'driver') {
    const { driverLogCommand } = await import('../log/driver/start.ts');
    const config = driverLogConfig(context, id, log);
    return [{ op: 'log-helper', argv: driverLogCommand({ ...config, tells: false }) }];
  }
  const config = relayConfig(context, id, log);
  if (config === undefined) return [];
  const { relayCommand } = await import('../log/relay/start.ts');
  return [{ op: 'log-helper', argv: relayCommand({ ...config, tells: false }) }];
}

function driverLogConfig(
  context: Pick<ContainerContext, 'store'>,
  id: string,
  log: CheckedPlan,
): Omit<DriverLogConfig, 'tells'> {
  const { paths } = context.store;
  return {
    socket: relaySocket(context, id),
    directory: paths.container(id),
    root: paths.root,
    driver: log.asker.driver,
    container: id,
  };
}

/** What a relay has to be told for a checked sink; undefined for one that needs none. */
function relayConfig(
  context: Pick<ContainerContext, 'store' | 'env'>,
  id: string,
  { sink }: CheckedPlan,
): Omit<RelayConfig, 'tells'> | undefined {
  const [, host, port] = (sink?.tag === 'socket' && TLS.exec(sink.val.address)) || [];
  if (sink?.tag !== 'socket' || host === undefined) return undefined;
  const attribute = (name: string): string | undefined =>
    sink.val.attributes.find(({ key }) => key === name)?.value || undefined;
  const file = (name: 'ca' | 'cert' | 'key') => {
    const path = attribute(`tls-${name}`);
    return path === undefined ? {} : { [name]: path };
  };
  const authorities = context.env.NODE_EXTRA_CA_CERTS;
  return {
    socket: relaySocket(context, id),
    directory: context.store.paths.container(id),
    ...(authorities === undefined ? {} : { authorities }),
    host,
    port: Number(port),
    ...file('ca'),
    ...file('cert'),
    ...file('key'),
    skipVerify: attribute('tls-skip-verify') === 'true',
  };
}
