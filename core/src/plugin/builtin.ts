import { join } from 'node:path';
import { type DriverPackage, readDrivers } from './package.ts';

/** The first-party drivers. From the sources they are read from dist/drivers; the bundle has them within itself. */
export function builtinDrivers(): readonly DriverPackage[] {
  return readDrivers(join(import.meta.dirname, '../../../dist/drivers'));
}
