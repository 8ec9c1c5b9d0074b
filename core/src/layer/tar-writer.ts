import { Buffer } from 'node:buffer';
import { formatPax, type PaxRecords } from './pax.ts';
import type { TarEntry, TarType } from './tar-entry.ts';
import { BLOCK } from './tar-header.ts';

const FLAGS: Readonly<Record<TarType, string>> = {
  file: '0',
  link: '1',
  symlink: '2',
  char: '3',
  block: '4',
  directory: '5',
  fifo: '6',
};
const MAX_OCTAL_7 = 0o7777777;
const MAX_OCTAL_11 = 0o77777777777;

/**
 * The header blocks of a member, without its content: ustar, and before it a pax header for what ustar can't hold
 * (POSIX.1-2017 pax). The same entry always gives the same bytes.
 */
export function formatHeader(entry: TarEntry): Buffer {
  const name = entry.type === 'directory' && !entry.name.endsWith('/') ? `${entry.name}/` : entry.name;
  const split = splitName(name);
  const records = extensions({ ...entry, name }, split !== undefined);
  const header = ustar(
    entry,
    split ?? { prefix: '', name: name.slice(0, 100) },
    FLAGS[entry.type],
    entry.size,
  );
  if (records.length === 0) return header;
  const body = formatPax(records);
  const plain = { ...entry, uid: 0, gid: 0, mode: 0o644, linkname: '', device: [0, 0] as const };
  const before = ustar(plain, { prefix: '', name: 'PaxHeaders/entry' }, 'x', body.length);
  return Buffer.concat([before, body, padding(body.length), header]);
}

/** The zeros after a content of `size` bytes. */
export function padding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}

/** What ends an archive. */
export function endOfArchive(): Buffer {
  return Buffer.alloc(2 * BLOCK);
}

function extensions(entry: TarEntry, nameFits: boolean): PaxRecords {
  const { name, linkname, size, uid, gid, mtime, xattrs } = entry;
  const records: [string, string][] = [];
  if (!nameFits) records.push(['path', name]);
  if (linkname.length > 100) records.push(['linkpath', linkname]);
  if (size > MAX_OCTAL_11) records.push(['size', String(size)]);
  if (uid > MAX_OCTAL_7) records.push(['uid', String(uid)]);
  if (gid > MAX_OCTAL_7) records.push(['gid', String(gid)]);
  if (mtime.nanoseconds !== 0 || mtime.seconds < 0 || mtime.seconds > MAX_OCTAL_11)
    records.push(['mtime', formatTime(mtime)]);
  for (const [key, value] of [...(xattrs ?? [])].sort(([a], [b]) => (a < b ? -1 : 1)))
    records.push([
      `SCHILY.xattr.${Buffer.from(key, 'latin1').toString()}`,
      Buffer.from(value).toString('latin1'),
    ]);
  return records;
}

function formatTime({ seconds, nanoseconds }: TarEntry['mtime']): string {
  // -1.25 s is kept as -2 s and 0.75 s.
  const negative = seconds < 0 && nanoseconds > 0;
  const whole = negative ? -(seconds + 1) : Math.abs(seconds);
  const rest = negative ? 1_000_000_000 - nanoseconds : nanoseconds;
  const fraction = rest === 0 ? '' : `.${String(rest).padStart(9, '0').replace(/0+$/, '')}`;
  return `${seconds < 0 ? '-' : ''}${whole}${fraction}`;
}

/** ustar's two fields for a name, cut at a slash; undefined when it doesn't fit. */
function splitName(name: string): { readonly prefix: string; readonly name: string } | undefined {
  if (name.length <= 100) return { prefix: '', name };
  // Of all slashes that leave at most 100 bytes after them, the first leaves the shortest prefix.
  const slash = name.indexOf('/', name.length - 101);
  if (slash <= 0 || slash > 155 || slash === name.length - 1) return undefined;
  return { prefix: name.slice(0, slash), name: name.slice(slash + 1) };
}

function ustar(
  entry: TarEntry,
  { prefix, name }: { readonly prefix: string; readonly name: string },
  flag: string,
  size: number,
): Buffer {
  const block = Buffer.alloc(BLOCK);
  const { seconds } = entry.mtime;
  block.write(name, 0, 100, 'latin1');
  octal(block, 100, 8, entry.mode);
  octal(block, 108, 8, entry.uid > MAX_OCTAL_7 ? 0 : entry.uid);
  octal(block, 116, 8, entry.gid > MAX_OCTAL_7 ? 0 : entry.gid);
  octal(block, 124, 12, size > MAX_OCTAL_11 ? 0 : size);
  octal(block, 136, 12, seconds < 0 || seconds > MAX_OCTAL_11 ? 0 : seconds);
  block.write(flag, 156, 'latin1');
  block.write(entry.linkname.slice(0, 100), 157, 100, 'latin1');
  block.write('ustar\u000000', 257, 'latin1');
  octal(block, 329, 8, entry.device[0]);
  octal(block, 337, 8, entry.device[1]);
  block.write(prefix, 345, 155, 'latin1');
  block.fill(' ', 148, 156);
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

function octal(block: Buffer, at: number, width: number, value: number): void {
  block.write(value.toString(8).padStart(width - 1, '0'), at, 'latin1');
}
