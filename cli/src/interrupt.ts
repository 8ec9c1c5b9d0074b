import { constants } from 'node:os';
import { WherryError } from '@wherry/core/errors';

/**
 * What is sent to a whole group of processes comes a second time from the front, which can't tell it from what it alone was
 * sent; timeout(1) sends twice, too. Nobody types as fast.
 */
const SAME_MS = 100;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs work that may take long so that a first signal cancels it and lets it clean up, and a second one ends the process
 * at once. The exit status is 128 and the signal's number.
 */
export function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  return interruptibleLater((signal) => work(signal()));
}

/**
 * The same for work that most often doesn't take long: only from the first call of its argument on does a signal cancel it,
 * and before it ends the process. To listen for signals takes longer than a container's creation.
 */
export async function interruptibleLater<T>(work: (signal: () => AbortSignal) => Promise<T>): Promise<T> {
  let controller: AbortController | undefined;
  let caught: (typeof SIGNALS)[number] | undefined;
  let caughtAt = 0;
  const onSignal = (name: NodeJS.Signals): void => {
    const signal = SIGNALS.find((each) => each === name);
    if (name === caught && performance.now() - caughtAt < SAME_MS) return;
    if (caught !== undefined) process.exit(128 + constants.signals[name]);
    caught = signal;
    caughtAt = performance.now();
    controller?.abort();
  };
  const listen = (): AbortSignal => {
    if (controller === undefined) for (const name of SIGNALS) process.on(name, onSignal);
    controller ??= new AbortController();
    return controller.signal;
  };
  try {
    return await work(listen);
  } catch (cause) {
    if (caught === undefined) throw cause;
    throw new WherryError('interrupted', {
      code: 'E_INTERRUPTED',
      hint: 'What was fetched completely is kept; the same command goes on from there.',
      exitCode: 128 + constants.signals[caught],
      cause,
    });
  } finally {
    if (controller !== undefined) for (const name of SIGNALS) process.off(name, onSignal);
  }
}
