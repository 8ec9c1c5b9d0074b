import { closeSync, openSync, readSync } from 'node:fs';

/**
 * Random bytes in hexadecimal digits, from random(4). Node's own `crypto` would do as well, but to load it takes longer
 * than all else that a container's creation does.
 */
export function randomHex(bytes: number): string {
  const buffer = Buffer.alloc(bytes);
  const fd = openSync('/dev/urandom', 'r');
  try {
    // Reads of up to 256 bytes are never short.
    if (readSync(fd, buffer, 0, bytes, null) !== bytes) throw new Error('/dev/urandom gave too few bytes');
  } finally {
    closeSync(fd);
  }
  return buffer.toString('hex');
}
