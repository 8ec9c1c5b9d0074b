import { readLine } from './line.ts';
import { STDOUT, write } from './output.ts';

/** Docker's question before something is removed. Only `y` and `Y` say yes; the end of the input says no. */
export function confirm(warning: string): boolean {
  write(STDOUT, `WARNING! ${warning}\nAre you sure you want to continue? [y/N] `);
  return readLine().trim().toLowerCase() === 'y';
}
