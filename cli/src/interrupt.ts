import { constants } from 'node:os';
import { WherryError } from '@wherry/core/errors';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs work that may take long so that a first signal cancels it and lets it clean up, and a second one ends the process
 * at once. The exit status is 128 and the signal's number.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let caught: (typeof SIGNALS)[number] | undefined;
  const onSignal = (name: NodeJS.Signals): void => {
    const signal = SIGNALS.find((each) => each === name);
    if (caught !== undefined) process.exit(128 + constants.signals[name]);
    caught = signal;
    controller.abort();
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  try {
    return await work(controller.signal);
  } catch (cause) {
    if (caught === undefined) throw cause;
    throw new WherryError('interrupted', {
      code: 'E_INTERRUPTED',
      hint: 'What was fetched completely is kept; the same command goes on from there.',
      exitCode: 128 + constants.signals[caught],
      cause,
    });
  } finally {
    for (const name of SIGNALS) process.off(name, onSignal);
  }
}
