import type { Delimiting } from './form.ts';
import { SIZE_BYTES } from './reader.ts';
import type { LogSource } from './source.ts';

const BLOCK = 64 * 1024;
const NEWLINE = 0x0a;

/** Where reading begins: in which of the files, at which byte. */
export interface Position {
  readonly file: number;
  readonly offset: number;
}

/** The place where the last `lines` lines begin. Reads blocks from the end, never more than it needs. */
export function tailPosition(
  sources: readonly LogSource[],
  lines: number,
  delimiting: Delimiting = 'newline',
): Position {
  const last = sources.length - 1;
  if (lines <= 0) return { file: Math.max(last, 0), offset: sources[last]?.size() ?? 0 };
  let missing = lines;
  for (let file = last; file >= 0; file -= 1) {
    const source = sources[file];
    if (source === undefined) continue;
    const found = delimiting === 'newline' ? lineStart(source, missing) : recordStart(source, missing);
    if (found.lines === missing) return { file, offset: found.offset };
    missing -= found.lines;
  }
  return { file: 0, offset: 0 };
}

/** Where the last `wanted` lines of one file begin, and how many there are when it has fewer. */
function lineStart(source: LogSource, wanted: number): { lines: number; offset: number } {
  const size = source.size();
  let lines = 0;
  for (let end = size; end > 0; end -= BLOCK) {
    const start = Math.max(0, end - BLOCK);
    const block = source.read(start, end - start);
    for (let index = block.length - 1; index >= 0; index -= 1) {
      // The newline that ends the file ends a line; each one before it also begins one.
      if (block[index] !== NEWLINE || start + index === size - 1) continue;
      lines += 1;
      if (lines === wanted) return { lines, offset: start + index + 1 };
    }
  }
  return { lines: size > 0 ? lines + 1 : 0, offset: 0 };
}

/** The same for records between two sizes; the one behind a record leads to where it begins. */
function recordStart(source: LogSource, wanted: number): { lines: number; offset: number } {
  let start = source.size();
  let lines = 0;
  while (start >= 2 * SIZE_BYTES && lines < wanted) {
    const size = source.read(start - SIZE_BYTES, SIZE_BYTES);
    const length = new DataView(size.buffer, size.byteOffset, SIZE_BYTES).getUint32(0);
    const before = start - length - 2 * SIZE_BYTES;
    // The last record is torn: nothing leads back, so that the whole file is read.
    if (before < 0) return { lines, offset: 0 };
    start = before;
    lines += 1;
  }
  return { lines, offset: start };
}
