import type { Buffer } from 'node:buffer';
import { TarError } from './error.ts';

export const BLOCK = 512;

/** One header block, its fields as numbers and bytes (POSIX.1-2017 pax, "ustar Interchange Format"; tar(5) for GNU). */
export interface TarHeader {
  readonly flag: string;
  readonly name: string;
  readonly linkname: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: number;
  readonly device: readonly [number, number];
}

/** Whether a block holds nothing, as two at the end of an archive do. */
export function isZeroBlock(block: Buffer): boolean {
  if (block[0] !== 0) return false;
  for (const byte of block) if (byte !== 0) return false;
  return true;
}

/** @throws TarError when the block is no header. */
export function parseHeader(block: Buffer): TarHeader {
  verifyChecksum(block);
  const magic = block.toString('latin1', 257, 265);
  let name = text(block, 0, 100);
  const prefix = magic.startsWith('ustar\0') ? text(block, 345, prefixLength(block)) : '';
  if (prefix !== '') name = `${prefix}/${name}`;
  const known = magic.startsWith('ustar');
  return {
    flag: String.fromCharCode(block[156] ?? 0),
    name,
    linkname: text(block, 157, 100),
    mode: number(block, 100, 8),
    uid: number(block, 108, 8),
    gid: number(block, 116, 8),
    size: number(block, 124, 12),
    mtime: number(block, 136, 12),
    device: known ? [number(block, 329, 8), number(block, 337, 8)] : [0, 0],
  };
}

/** star keeps two times after a shorter prefix, and says so at the end of the block. */
function prefixLength(block: Buffer): number {
  return block.toString('latin1', 508, 512) === 'tar\0' ? 131 : 155;
}

function verifyChecksum(block: Buffer): void {
  let sum = 8 * 0x20;
  for (let index = 0; index < 148; index += 1) sum += block[index] ?? 0;
  for (let index = 156; index < BLOCK; index += 1) sum += block[index] ?? 0;
  const wanted = number(block, 148, 8);
  if (sum === wanted) return;
  // Some old programs added the bytes up as signed ones.
  let signed = 8 * 0x20;
  for (let index = 0; index < BLOCK; index += 1) {
    if (index < 148 || index >= 156) signed += block.readInt8(index);
  }
  if (signed !== wanted) throw new TarError('has a header whose checksum is wrong', { corrupt: true });
}

function text(block: Buffer, at: number, length: number): string {
  const nul = block.indexOf(0, at);
  return block.toString('latin1', at, nul < 0 || nul > at + length ? at + length : nul);
}

/** Octal digits, or GNU's base 256 when the first bit is set. @throws TarError */
export function number(block: Buffer, at: number, length: number): number {
  if (((block[at] ?? 0) & 0x80) !== 0) return binaryNumber(block.subarray(at, at + length));
  let value = 0;
  let index = at;
  const end = at + length;
  while (index < end && (block[index] === 0x20 || block[index] === 0)) index += 1;
  for (; index < end; index += 1) {
    const digit = (block[index] ?? 0) - 0x30;
    if (digit < 0 || digit > 7) break;
    value = value * 8 + digit;
  }
  const after = block[index];
  if (index < end && after !== 0 && after !== 0x20)
    throw new TarError('has a header with a number that is not octal', { corrupt: true });
  return value;
}

function binaryNumber(bytes: Buffer): number {
  const negative = ((bytes[0] ?? 0) & 0x40) !== 0;
  let value = negative ? -1n : 0n;
  for (const [index, byte] of bytes.entries()) {
    value = (value << 8n) | BigInt(index === 0 ? (negative ? byte | 0x80 : byte & 0x7f) : byte);
  }
  const result = Number(BigInt.asIntN(bytes.length * 8, value));
  if (!Number.isSafeInteger(result))
    throw new TarError('has a header with a number that is too large', { corrupt: true });
  return result;
}
