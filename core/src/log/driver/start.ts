import { WherryError } from '../../errors/error.ts';
import { commandBeside, READY, startBeside } from '../beside.ts';
import type { DriverLogConfig } from './config.ts';

/** The command line of the process that runs a log driver for a container. */
export function driverLogCommand(config: DriverLogConfig): readonly string[] {
  return commandBeside(import.meta.dirname, 'log-driver.mjs', config);
}

/**
 * Starts it and answers once it listens. It goes by itself with its monitor.
 * @throws WherryError `E_LOG_DRIVER` when it can't load the driver
 */
export async function startDriverLog(config: Omit<DriverLogConfig, 'tells'>): Promise<void> {
  const answer = await startBeside(driverLogCommand({ ...config, tells: true }));
  if (answer === READY) return;
  throw new WherryError(
    `the log driver ${config.driver} can't be run: ${answer || 'the process that runs it ended'}`,
    {
      code: 'E_LOG_DRIVER',
      hint: 'See that the driver is installed as it was when the container was created, or choose another one.',
    },
  );
}
