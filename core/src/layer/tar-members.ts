import { Buffer } from 'node:buffer';
import type { BytePath, Time } from '../tree/protocol.ts';
import { TarError } from './error.ts';
import { type PaxRecords, parseDecimal, parsePax, parseTime } from './pax.ts';
import type { TarEntry, TarType } from './tar-entry.ts';
import type { TarHeader } from './tar-header.ts';

const TYPES: Readonly<Record<string, TarType>> = {
  '\0': 'file',
  '0': 'file',
  '7': 'file',
  S: 'file',
  '1': 'link',
  '2': 'symlink',
  '3': 'char',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
};
const XATTR = 'SCHILY.xattr.';
const MAX_ID = 0xffffffff;

/** What extended headers say of the member that follows them. */
export class Extensions {
  records: PaxRecords = [];
  #name: BytePath | undefined;
  #linkname: BytePath | undefined;

  /** Takes the body of an extended header in: pax `x`, GNU `L` and `K`. Global ones are ignored, as Docker does. */
  add(flag: string, body: Buffer): void {
    if (flag === 'x' || flag === 'X') this.records = parsePax(body);
    else if (flag === 'L') this.#name = untilNul(body);
    else if (flag === 'K') this.#linkname = untilNul(body);
  }

  get(key: string): string | undefined {
    const value = this.records.findLast(([each]) => each === key)?.[1];
    // An empty value takes back what was said before.
    return value === '' ? undefined : value;
  }

  /** Bytes of the member in the archive. */
  storedSize(header: TarHeader): number {
    const size = this.get('size');
    return size === undefined ? header.size : parseDecimal(size);
  }

  /** The member, size and content apart. @throws TarError */
  entry(header: TarHeader, size: number): TarEntry {
    const type = TYPES[header.flag];
    const name = this.get('GNU.sparse.name') ?? this.get('path') ?? this.#name ?? header.name;
    if (type === undefined) {
      const flag = /[!-~]/.test(header.flag) ? header.flag : `0x${header.flag.charCodeAt(0).toString(16)}`;
      throw new TarError(`holds a member of the unknown type “${flag}”`, { corrupt: false });
    }
    // Before POSIX, a directory was a file with a slash at the end of its name.
    const directory = type === 'file' && header.flag !== '7' && name.endsWith('/');
    return {
      type: directory ? 'directory' : type,
      name,
      linkname: this.get('linkpath') ?? this.#linkname ?? header.linkname,
      mode: header.mode & 0o7777,
      uid: this.#id('uid', header.uid),
      gid: this.#id('gid', header.gid),
      mtime: this.#mtime(header.mtime),
      size: type === 'file' && !directory ? size : 0,
      device: header.device,
      xattrs: this.#xattrs(),
    };
  }

  #id(key: 'uid' | 'gid', fallback: number): number {
    const value = this.get(key);
    const id = value === undefined ? fallback : parseDecimal(value);
    if (id < 0 || id >= MAX_ID)
      throw new TarError(`holds a member with the impossible ${key} ${id}`, { corrupt: false });
    return id;
  }

  #mtime(fallback: number): Time {
    const value = this.get('mtime');
    return value === undefined ? { seconds: fallback, nanoseconds: 0 } : parseTime(value);
  }

  #xattrs(): Map<string, Uint8Array> | undefined {
    let found: Map<string, Uint8Array> | undefined;
    for (const [key, value] of this.records) {
      if (!key.startsWith(XATTR)) continue;
      found ??= new Map();
      found.set(Buffer.from(key.slice(XATTR.length)).toString('latin1'), Buffer.from(value, 'latin1'));
    }
    return found;
  }
}

function untilNul(body: Buffer): BytePath {
  const nul = body.indexOf(0);
  return body.toString('latin1', 0, nul < 0 ? body.length : nul);
}
