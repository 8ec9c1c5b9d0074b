import { EXIT, WherryError } from '../../errors/error.ts';
import { nodeCommand, programBeside, READY, startBeside } from '../beside.ts';
import type { RelayConfig } from './config.ts';

/**
 * Starts a relay and answers once it has reached its server and listens. It goes by itself with its monitor.
 * @throws WherryError `E_LOG_RELAY` when the server can't be reached, or isn't trusted
 */
export async function startRelay(config: RelayConfig): Promise<void> {
  const authorities = process.env.NODE_EXTRA_CA_CERTS;
  const answer = await startBeside(
    nodeCommand(programBeside(import.meta.dirname, 'log-relay.mjs'), JSON.stringify(config)),
    authorities === undefined ? {} : { NODE_EXTRA_CA_CERTS: authorities },
  );
  if (answer === READY) return;
  throw new WherryError(
    `the log driver doesn't reach tls:${config.host}:${config.port}: ${answer || 'the relay ended'}`,
    {
      code: 'E_LOG_RELAY',
      hint: 'Give the authority of its certificate by --log-opt syslog-tls-ca-cert=FILE, or see that it listens.',
      exitCode: EXIT.engine,
    },
  );
}
