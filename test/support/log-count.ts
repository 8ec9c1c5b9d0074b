import { join } from 'node:path';
import { buildDriver } from '../../scripts/build-drivers.ts';

const DIRECTORY = join(import.meta.dirname, '../fixtures/log-count');

/** The sources of a log driver that writes by itself, as a third party's. */
export const COUNT_SOURCE = join(DIRECTORY, 'src/index.ts');

/** Builds it into a directory of its own. */
export function buildCount(out: string): Promise<void> {
  return buildDriver({ name: 'count', directory: DIRECTORY, kind: 'log', source: 'src/index.ts' }, out);
}
