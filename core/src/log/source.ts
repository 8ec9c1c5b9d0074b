import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** A log file that is open; it stays readable when rotation renames or removes it. */
export interface LogSource extends Disposable {
  /** Tells a file from the one that took its place; a packed one has that of the file it was made of. */
  readonly inode: number;
  /** Bytes now; a file being written grows. */
  size(): number;
  /** Bytes from `offset` on, at most `length`, none at the end. */
  read(offset: number, length: number): Uint8Array;
}

/** Opens a log file, `.gz` unpacked. @returns undefined when it isn't there. */
export function openSource(path: string): LogSource | undefined {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  if (path.endsWith('.gz')) return unpackedSource(fd);
  return {
    inode: fstatSync(fd).ino,
    size: () => fstatSync(fd).size,
    read(offset, length) {
      const buffer = new Uint8Array(length);
      return buffer.subarray(0, readSync(fd, buffer, 0, length, offset));
    },
    [Symbol.dispose]: () => closeSync(fd),
  };
}

function unpackedSource(fd: number): LogSource {
  try {
    const packed = readFileSync(fd);
    const inode = originalInode(packed) ?? fstatSync(fd).ino;
    const bytes = gunzipSync(packed);
    return {
      inode,
      size: () => bytes.length,
      read: (offset, length) => bytes.subarray(offset, offset + length),
      [Symbol.dispose]() {},
    };
  } finally {
    closeSync(fd);
  }
}

/** The launcher keeps the inode number in an extra field `WI` (RFC 1952, 2.3.1.1). */
function originalInode(packed: Buffer): number | undefined {
  const extra = 4;
  const field = 12;
  const hasField = packed.length > 24 && ((packed[3] ?? 0) & extra) !== 0;
  return hasField && packed.toString('latin1', field, field + 2) === 'WI'
    ? Number(packed.readBigUInt64LE(field + 4))
    : undefined;
}
