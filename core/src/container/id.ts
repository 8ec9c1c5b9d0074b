import { randomHex } from '../store/random.ts';

/** A container's id as Docker makes it: 64 hexadecimal digits, never all decimal in the first twelve. */
export function newContainerId(): string {
  for (;;) {
    const id = randomHex(32);
    // A short id that reads as a number can't be a host name, and the short id is the default host name.
    if (!/^\d{12}/.test(id)) return id;
  }
}

/** The twelve digits that people are shown. */
export function shortId(id: string): string {
  return id.slice(0, 12);
}
