import { WherryError } from '@wherry/core/errors';
import { reportError } from './error-report.ts';
import type { GlobalOptions } from './flags/global.ts';

/**
 * Does the same to each named object and goes on after a failure, as Docker does: every failure is reported, and the exit
 * status is 1 when there was one. A defect ends it at once.
 */
export async function forEachNamed(
  names: readonly string[],
  options: GlobalOptions,
  work: (name: string) => Promise<void>,
): Promise<number> {
  let failed = false;
  for (const name of names) {
    try {
      await work(name);
    } catch (error) {
      if (!(error instanceof WherryError)) throw error;
      reportError(error, options);
      failed = true;
    }
  }
  return failed ? 1 : 0;
}
