import { WherryError } from '../../errors/error.ts';
import { commandBeside, READY, startBeside } from '../beside.ts';
import type { RelayConfig } from './config.ts';

/** The command line of a relay. */
export function relayCommand(config: RelayConfig): readonly string[] {
  return commandBeside(import.meta.dirname, 'log-relay.mjs', config);
}

/**
 * Starts a relay and answers once it has reached its server and listens. It goes by itself with its monitor.
 * @throws WherryError `E_LOG_RELAY` when the server can't be reached, or isn't trusted
 */
export async function startRelay(config: Omit<RelayConfig, 'tells'>): Promise<void> {
  const answer = await startBeside(relayCommand({ ...config, tells: true }));
  if (answer === READY) return;
  throw new WherryError(
    `the log driver doesn't reach tls:${config.host}:${config.port}: ${answer || 'the relay ended'}`,
    {
      code: 'E_LOG_RELAY',
      hint: 'Give the authority of its certificate by --log-opt syslog-tls-ca-cert=FILE, or see that it listens.',
    },
  );
}
