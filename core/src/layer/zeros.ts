import { Buffer } from 'node:buffer';

/** A mebibyte of zeros, to be read alone. */
export const ZEROS: Buffer = Buffer.alloc(1 << 20);

/** Less than a block of the file system is no hole. */
const BLOCK = 4096;

/** Whether a piece of a file can be a hole: a block or more, and nothing but zeros. Costs next to nothing where it is not. */
export function isHole(bytes: Uint8Array): boolean {
  const { length } = bytes;
  if (length < BLOCK || bytes[0] !== 0 || bytes[length - 1] !== 0 || bytes[length >> 1] !== 0) return false;
  for (let at = 0; at < length; at += ZEROS.length) {
    const piece = bytes.subarray(at, at + ZEROS.length);
    if (ZEROS.compare(piece, 0, piece.length, 0, piece.length) !== 0) return false;
  }
  return true;
}

/** So many zeros, in pieces. */
export function* zeros(length: number): Generator<Buffer> {
  for (let left = length; left > 0; left -= ZEROS.length)
    yield left >= ZEROS.length ? ZEROS : ZEROS.subarray(0, left);
}
