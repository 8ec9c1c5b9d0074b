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
 * `mode` has the permission bits with set-id and sticky. A path that isn't UTF-8 is `path64` in base64. Without such
 * entries there is no file.
 */
export class OwnersFile {
  readonly #path: string;
  #handle: FileHandle | undefined;
  #lines: string[] = [];
  #size = 0;
  #count = 0;

  constructor(path: string) {
    this.#path = path;
  }

  get count(): number {
    return this.#count;
  }

  add(record: OwnerRecord): void {
    const line = `${JSON.stringify(toJson(record))}\n`;
    this.#lines.push(line);
    this.#size += line.length;
    this.#count += 1;
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

  async #write(): Promise<void> {
    const text = this.#lines.join('');
    this.#lines = [];
    this.#size = 0;
    this.#handle ??= await open(this.#path, 'wx', 0o600);
    await this.#handle.writeFile(text);
  }
}

/** The records of a side file by path; none when there is no file. */
export async function readOwners(path: string): Promise<Map<BytePath, OwnerRecord>> {
  const records = new Map<BytePath, OwnerRecord>();
  const input = createReadStream(path, 'utf8');
  try {
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      const record = fromJson(JSON.parse(line));
      records.set(record.path, record);
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return records;
    throw error;
  }
  return records;
}

function toJson({ path, ...rest }: OwnerRecord): object {
  const bytes = Buffer.from(path, 'latin1');
  return isUtf8(bytes)
    ? { path: bytes.toString('utf8'), ...rest }
    : { path64: bytes.toString('base64'), ...rest };
}

function fromJson(value: Partial<OwnerRecord> & { readonly path64?: string }): OwnerRecord {
  const { path, path64, uid, gid, mode, device } = value;
  const bytes = path64 === undefined ? Buffer.from(path ?? '') : Buffer.from(path64, 'base64');
  if (uid === undefined || gid === undefined || mode === undefined)
    throw new SyntaxError('A line of an owners file lacks uid, gid or mode.');
  return { path: bytes.toString('latin1'), uid, gid, mode, ...(device && { device }) };
}
