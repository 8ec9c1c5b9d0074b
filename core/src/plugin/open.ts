import { builtinDrivers } from './builtin.ts';
import { type Drivers, type OpenDriversOptions, openDrivers } from './drivers.ts';

/** The drivers that come with Wherry, and those that are installed in a directory. */
export function openAllDrivers(
  installed: string,
  options: Omit<OpenDriversOptions, 'builtin' | 'directories'>,
): Drivers {
  return openDrivers({ builtin: builtinDrivers(), directories: [installed], ...options });
}
