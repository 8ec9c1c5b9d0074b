import { Buffer } from 'node:buffer';

/** One member of a tar archive, in the terms of tar(5). Names are bytes: a string is taken as UTF-8. */
export interface TarEntry {
  readonly name: string | Buffer;
  readonly type?: 'file' | 'directory' | 'symlink' | 'hardlink' | 'char' | 'block' | 'fifo';
  /** Octal mode, set-id and sticky bits included. Default 0644, for directories 0755. */
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** Seconds since the epoch as a decimal, up to nine places. */
  readonly mtime?: string;
  readonly linkname?: string | Buffer;
  readonly body?: string | Buffer;
  readonly device?: readonly [major: number, minor: number];
  readonly xattrs?: Readonly<Record<string, string | Buffer>>;
  readonly sparse?: Sparse;
}

/** A file with holes, as GNU tar stores it: the old 'S' header or the pax records of format 1.0. */
export interface Sparse {
  readonly format: 'old-gnu' | 'pax-1.0';
  /** Apparent size in bytes. */
  readonly size: number;
  /** In order; offsets and, but for the last, lengths are multiples of 512, as tar(5) has it. */
  readonly extents: readonly { readonly offset: number; readonly data: Buffer }[];
}

const BLOCK = 512;
const TYPE_FLAGS = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  char: '3',
  block: '4',
  directory: '5',
  fifo: '6',
} as const;
const DEFAULT_MTIME = '1700000000';

/**
 * Writes a tar archive exactly as the entries say, also one that no honest tool would write: nothing is
 * checked, sorted or completed. pax records appear only where ustar can't hold a value (tar(5)).
 */
export function tar(entries: readonly TarEntry[]): Buffer {
  return Buffer.concat([...entries.flatMap(encode), Buffer.alloc(2 * BLOCK)]);
}

function encode(entry: TarEntry): Buffer[] {
  const sparse = entry.sparse;
  const name = bytes(entry.name);
  const link = bytes(entry.linkname ?? '');
  const mtime = entry.mtime ?? DEFAULT_MTIME;
  const body = sparse === undefined ? bytes(entry.body ?? '') : sparseBody(sparse);

  const records: Buffer[] = [];
  if (name.length > 100) records.push(paxRecord('path', name));
  if (link.length > 100) records.push(paxRecord('linkpath', link));
  if (mtime.includes('.')) records.push(paxRecord('mtime', mtime));
  for (const [key, value] of Object.entries(entry.xattrs ?? {}))
    records.push(paxRecord(`SCHILY.xattr.${key}`, value));
  if (sparse?.format === 'pax-1.0') {
    records.push(paxRecord('GNU.sparse.major', '1'), paxRecord('GNU.sparse.minor', '0'));
    records.push(paxRecord('GNU.sparse.name', name), paxRecord('GNU.sparse.realsize', String(sparse.size)));
  }

  const head = header(entry, name, link, body.length, Math.floor(Number(mtime)));
  if (sparse?.format === 'old-gnu') oldGnuSparse(head, sparse);
  const parts = [sealed(head), padded(body)];
  if (records.length === 0) return parts;

  const pax = Buffer.concat(records);
  const paxHeader = header({ name: 'pax', mode: 0o644 }, bytes('PaxHeaders/entry'), bytes(''), pax.length, 0);
  paxHeader.write('x', 156, 'latin1');
  return [sealed(paxHeader), padded(pax), ...parts];
}

function header(entry: TarEntry, name: Buffer, link: Buffer, size: number, mtime: number): Buffer {
  const head = Buffer.alloc(BLOCK);
  const type = entry.type ?? 'file';
  name.copy(head, 0, 0, 100);
  octal(head, 100, 8, entry.mode ?? (type === 'directory' ? 0o755 : 0o644));
  octal(head, 108, 8, entry.uid ?? 0);
  octal(head, 116, 8, entry.gid ?? 0);
  octal(head, 124, 12, size);
  octal(head, 136, 12, mtime);
  head.write(TYPE_FLAGS[type], 156, 'latin1');
  link.copy(head, 157, 0, 100);
  head.write('ustar\u000000', 257, 'latin1');
  octal(head, 329, 8, entry.device?.[0] ?? 0);
  octal(head, 337, 8, entry.device?.[1] ?? 0);
  return head;
}

function sealed(head: Buffer): Buffer {
  head.fill(' ', 148, 156);
  const sum = head.reduce((total, byte) => total + byte, 0);
  head.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return head;
}

function sparseBody({ format, extents }: Sparse): Buffer {
  const data = Buffer.concat(extents.map((extent) => extent.data));
  if (format === 'old-gnu') return data;
  const map = [extents.length, ...extents.flatMap((extent) => [extent.offset, extent.data.length])];
  return Buffer.concat([padded(bytes(`${map.join('\n')}\n`)), data]);
}

function oldGnuSparse(head: Buffer, { size, extents }: Sparse): void {
  if (extents.length > 4)
    throw new RangeError('The old GNU header holds four extents; use pax-1.0 for more.');
  head.write('S', 156, 'latin1');
  head.fill(0, 257);
  head.write('ustar  \0', 257, 'latin1');
  for (const [index, extent] of extents.entries()) {
    octal(head, 386 + index * 24, 12, extent.offset);
    octal(head, 398 + index * 24, 12, extent.data.length);
  }
  octal(head, 483, 12, size);
}

function paxRecord(key: string, value: string | Buffer): Buffer {
  const rest = Buffer.concat([bytes(` ${key}=`), bytes(value), bytes('\n')]);
  let length = rest.length;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([bytes(String(length)), rest]);
}

function octal(head: Buffer, at: number, width: number, value: number): void {
  head.write(value.toString(8).padStart(width - 1, '0'), at, 'latin1');
}

function padded(body: Buffer): Buffer {
  return Buffer.concat([body, Buffer.alloc((BLOCK - (body.length % BLOCK)) % BLOCK)]);
}

function bytes(value: string | Buffer): Buffer {
  return typeof value === 'string' ? Buffer.from(value) : value;
}
