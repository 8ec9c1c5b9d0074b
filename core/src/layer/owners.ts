import { Buffer, isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { BytePath } from '../tree/protocol.ts';
import type { OwnerRecord } from './squash.ts';

const BATCH = 64 * 1024;

/**
 * The side file of a layer: what its tree can't hold, one JSON object a line, in the order of the archive, a later line
 * for a path in the place of an earlier one:
 *
 *     {"path":"var/mail","uid":0,"gid":8,"mode":1533}
 *     {"path":"dev/null","uid":0,"gid":0,"mode":438,"device":["char",1,3]}
 *
 *     {"path":"bin/again","link":"bin/program"}
 *     {"path":"var/old","gone":true}
 *
 * `mode` has the permission bits with set-id and sticky. A path that isn't UTF-8 is `path64` in base64, and so is `link64`. A hard
 * link has what its file has by then, if anything. What is gone has been recorded of a layer below, and this one
 * deletes it. Without such entries there is no file.
 */
export class OwnersFile {
  readonly #path: string;
  #handle: FileHandle | undefined;
  readonly #recorded = new Recorded();
  /** Paths that are recorded of the layers below, as far as this one has nothing there yet. */
  readonly #below: Set<BytePath>;
  #lines: string[] = [];
  #size = 0;
  #count = 0;

  /** @param below what is recorded of the layers that a whole tree began as a copy of */
  constructor(path: string, below: Iterable<BytePath> = []) {
    this.#path = path;
    this.#below = new Set(below);
    for (const each of this.#below) this.#recorded.add(each);
  }

  get count(): number {
    return this.#count;
  }

  add(record: OwnerRecord): void {
    const { path, ...rest } = record;
    this.#below.delete(path);
    this.#recorded.add(path);
    this.#put({ ...named('path', path), ...rest });
  }

  /** Has an entry that needs no record take the place of one that may have had one. */
  replace(record: OwnerRecord): void {
    if (this.#recorded.mayHave(record.path)) this.add(record);
  }

  /** A path is another name of a file. */
  link(path: BytePath, target: BytePath): void {
    if (!this.#recorded.mayHave(target) && !this.#recorded.mayHave(path)) return;
    this.#below.delete(path);
    this.#recorded.add(path);
    this.#put({ ...named('path', path), ...named('link', target) });
  }

  /** What lower layers have at a path is deleted, and all that is below it. */
  deleted(path: BytePath): void {
    if (this.#below.has(path)) this.#gone(path);
    this.emptied(path);
  }

  /** All that lower layers have in a directory is deleted. */
  emptied(path: BytePath): void {
    const start = path === '' ? '' : `${path}/`;
    for (const each of [...this.#below]) if (each !== '' && each.startsWith(start)) this.#gone(each);
  }

  #gone(path: BytePath): void {
    this.#below.delete(path);
    this.#put({ ...named('path', path), gone: true });
  }

  /** Writes what was added when that is much; call it now and then. */
  async flush(): Promise<void> {
    if (this.#size >= BATCH) await this.#write();
  }

  /** Writes the rest, to the disk. */
  async end(): Promise<void> {
    if (this.#size > 0) await this.#write();
    await this.#handle?.sync();
    await this.close();
  }

  async close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
  }

  #put(value: object): void {
    const line = `${JSON.stringify(value)}\n`;
    this.#lines.push(line);
    this.#size += line.length;
    this.#count += 1;
  }

  async #write(): Promise<void> {
    const text = this.#lines.join('');
    this.#lines = [];
    this.#size = 0;
    this.#handle ??= await open(this.#path, 'wx', 0o600);
    await this.#handle.writeFile(text);
  }
}

/**
 * The records of a side file by path; none when there is no file.
 * @param records those of the layers below, when the tree is whole; changed
 */
export async function readOwners(
  path: string,
  records: Map<BytePath, OwnerRecord> = new Map(),
): Promise<Map<BytePath, OwnerRecord>> {
  const input = createReadStream(path, 'utf8');
  try {
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      const value: Line = JSON.parse(line);
      const path = bytesOf(value.path, value.path64);
      const found = foundIn(records, path, value);
      if (found === undefined) records.delete(path);
      else records.set(path, { ...found, path });
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return records;
    throw error;
  }
  return records;
}

/** A line as it stands in the file. */
interface Line extends Partial<OwnerRecord> {
  readonly path64?: string;
  readonly link?: string;
  readonly link64?: string;
  readonly gone?: boolean;
}

function named(field: 'path' | 'link', path: BytePath): object {
  const bytes = Buffer.from(path, 'latin1');
  return isUtf8(bytes) ? { [field]: bytes.toString('utf8') } : { [`${field}64`]: bytes.toString('base64') };
}

function bytesOf(text: string | undefined, base64: string | undefined): BytePath {
  return (base64 === undefined ? Buffer.from(text ?? '') : Buffer.from(base64, 'base64')).toString('latin1');
}

function foundIn(
  records: ReadonlyMap<BytePath, OwnerRecord>,
  path: BytePath,
  line: Line,
): OwnerRecord | undefined {
  if (line.gone) return undefined;
  if (line.link === undefined && line.link64 === undefined) return recordOf(path, line);
  return records.get(bytesOf(line.link, line.link64));
}

function recordOf(path: BytePath, { uid, gid, mode, device }: Line): OwnerRecord {
  if (uid === undefined || gid === undefined || mode === undefined)
    throw new SyntaxError('A line of an owners file lacks uid, gid or mode.');
  return { path, uid, gid, mode, ...(device && { device }) };
}

/** Which paths have been recorded, in little room: it may say so of one that hasn't been (a Bloom filter of one hash). */
class Recorded {
  static readonly #bits = 8 << 20;
  #set: Uint8Array | undefined;

  add(path: BytePath): void {
    this.#set ??= new Uint8Array(Recorded.#bits >> 3);
    const bit = hashOf(path) % Recorded.#bits;
    this.#set[bit >> 3] = (this.#set[bit >> 3] ?? 0) | (1 << (bit & 7));
  }

  mayHave(path: BytePath): boolean {
    if (this.#set === undefined) return false;
    const bit = hashOf(path) % Recorded.#bits;
    return ((this.#set[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0;
  }
}

/** FNV-1a, 32 bits. */
function hashOf(path: BytePath): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < path.length; index += 1)
    hash = Math.imul(hash ^ path.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}
