import type { Buffer } from 'node:buffer';
import { TarError } from './error.ts';
import { type PaxRecords, parseDecimal } from './pax.ts';
import { number } from './tar-header.ts';

/** A piece of a sparse file that the archive holds (tar(5), "GNU sparse"). Bytes. */
export interface Extent {
  readonly offset: number;
  readonly length: number;
}

const corrupt = () => new TarError('has a damaged map of a sparse file', { corrupt: true });

/** A map in the archive's own data is read to this size at most. */
export const MAX_SPARSE_MAP = 8 * 1024 * 1024;

/** Entries in an old GNU header (at 386, 4) or in a block that continues it (at 0, 21); an empty one ends the list. */
export function parseOldSparse(block: Buffer, at: number, count: number): Extent[] {
  const extents: Extent[] = [];
  for (let index = 0; index < count; index += 1) {
    const start = at + index * 24;
    if (block[start] === 0) break;
    extents.push({ offset: number(block, start, 12), length: number(block, start + 12, 12) });
  }
  return extents;
}

/** Formats 0.0 (a record each) and 0.1 (one list); undefined when the file isn't sparse in this way. */
export function parsePaxSparse(records: PaxRecords): Extent[] | undefined {
  const map = records.find(([key]) => key === 'GNU.sparse.map')?.[1];
  if (map !== undefined) return pairs(map === '' ? [] : map.split(',').map(parseDecimal));
  const numbers = records
    .filter(([key]) => key === 'GNU.sparse.offset' || key === 'GNU.sparse.numbytes')
    .map(([, value]) => parseDecimal(value));
  return numbers.length === 0 ? undefined : pairs(numbers);
}

/**
 * Format 1.0: decimals with newlines before the data, padded to a block.
 *
 * @returns The extents and how many bytes the lines took; undefined when more of the data is needed.
 */
export function parseSparseMap(
  data: Buffer,
): { readonly extents: Extent[]; readonly size: number } | undefined {
  let at = 0;
  const next = (): number | undefined => {
    const newline = data.indexOf(0x0a, at);
    if (newline < 0) {
      if (data.length - at > 20) throw corrupt();
      return undefined;
    }
    const value = parseDecimal(data.toString('latin1', at, newline));
    at = newline + 1;
    return value;
  };
  const count = next();
  if (count === undefined) return undefined;
  // Each extent takes at least four bytes.
  if (count * 4 > MAX_SPARSE_MAP) throw corrupt();
  if (data.length < count * 4) return undefined;
  const numbers: number[] = [];
  while (numbers.length < count * 2) {
    const value = next();
    if (value === undefined) return undefined;
    numbers.push(value);
  }
  return { extents: pairs(numbers), size: at };
}

/** In order, within the file, and no more data than the archive has for it. @throws TarError */
export function checkExtents(extents: readonly Extent[], size: number, stored: number): void {
  let at = 0;
  let sum = 0;
  for (const { offset, length } of extents) {
    if (offset < at || length < 0 || offset + length > size) throw corrupt();
    at = offset + length;
    sum += length;
  }
  if (sum > stored) throw corrupt();
}

function pairs(numbers: readonly number[]): Extent[] {
  if (numbers.length % 2 !== 0) throw corrupt();
  const extents: Extent[] = [];
  for (let index = 0; index < numbers.length; index += 2) {
    extents.push({ offset: numbers[index] ?? 0, length: numbers[index + 1] ?? 0 });
  }
  return extents;
}
