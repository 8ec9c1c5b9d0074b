import { xattrsSize } from '../tree/frame-writer.ts';
import type { LayerWriter } from '../tree/layer-writer.ts';
import { type Attributes, type BytePath, MAX_PATH, MAX_XATTRS } from '../tree/protocol.ts';
import { TarError } from './error.ts';
import type { OwnersFile } from './owners.ts';
import { cleanPath, refused } from './path.ts';
import { type IdMap, keepXattrs, squash } from './squash.ts';
import type { TarEntry, TarHandler } from './tar-entry.ts';
import { parseWhiteout } from './whiteout.ts';
import { isHole } from './zeros.ts';

/** The worker keeps a line for every directory, so their number can't be without end. */
export const MAX_ENTRIES = 4_000_000;

/** Turns the members of a layer's archive into what is to be written, within what a user namespace can do. */
export class Unpacker implements TarHandler {
  readonly #writer: LayerWriter;
  readonly #ids: IdMap;
  readonly #owners: OwnersFile;
  #entries = 0;
  /** Extended attributes left out, by name. */
  readonly dropped = new Map<string, number>();
  #content = false;

  constructor(writer: LayerWriter, ids: IdMap, owners: OwnersFile) {
    this.#writer = writer;
    this.#ids = ids;
    this.#owners = owners;
  }

  get entries(): number {
    return this.#entries;
  }

  entry(entry: TarEntry): void {
    this.#entries += 1;
    if (this.#entries > MAX_ENTRIES)
      throw new TarError(`holds more than ${MAX_ENTRIES} members`, { corrupt: false });
    this.#content = false;
    const path = cleanPath(entry.name);
    const whiteout = parseWhiteout(path);
    if (whiteout?.kind === 'whiteout') {
      this.#writer.whiteout(whiteout.path);
      this.#owners.deleted(whiteout.path);
    } else if (whiteout?.kind === 'opaque') {
      this.#writer.opaque(whiteout.path);
      this.#owners.emptied(whiteout.path);
    } else if (whiteout === undefined) this.#put(entry, path);
  }

  data(bytes: Uint8Array): void {
    if (!this.#content) return;
    // Not worth sending: the worker would leave them out.
    if (isHole(bytes)) this.#writer.hole(bytes.length);
    else this.#writer.data(bytes);
  }

  hole(length: number): void {
    if (this.#content) this.#writer.hole(length);
  }

  #put(entry: TarEntry, path: BytePath): void {
    if (path === '' && entry.type !== 'directory') throw refused(entry.name, 'is the root and no directory');
    // A hard link has its file's owner and attributes.
    if (entry.type === 'link') {
      const target = cleanPath(entry.linkname);
      if (target === '') throw refused(entry.name, 'is a hard link to the root');
      this.#writer.hardLink(path, target);
      this.#owners.link(path, target);
      return;
    }
    const { record, ...owner } = squash(entry, path, this.#ids);
    if (record !== undefined) this.#owners.add(record);
    else this.#owners.replace({ path, uid: entry.uid, gid: entry.gid, mode: entry.mode });
    const xattrs = this.#xattrs(entry);
    const attributes = { ...owner, mtime: entry.mtime, ...(xattrs && { xattrs }) };
    this.#write(entry, path, attributes);
  }

  #write(entry: TarEntry, path: BytePath, attributes: Attributes): void {
    switch (entry.type) {
      case 'directory':
        this.#writer.directory(path, attributes);
        break;
      case 'symlink':
        if (entry.linkname === '' || entry.linkname.length > MAX_PATH)
          throw refused(entry.name, 'is a symbolic link with an impossible target');
        this.#writer.symlink(path, attributes, entry.linkname);
        break;
      case 'fifo':
        this.#writer.node(path, attributes, 'fifo');
        break;
      // No user namespace allows devices: an empty file stands for one, and the record says for which.
      default:
        this.#content = entry.type === 'file';
        this.#writer.file(path, attributes, entry.size);
    }
  }

  #xattrs({ xattrs, type, name }: TarEntry): TarEntry['xattrs'] {
    if (xattrs === undefined) return undefined;
    const { kept, dropped } = keepXattrs(xattrs, type);
    for (const each of dropped) this.dropped.set(each, (this.dropped.get(each) ?? 0) + 1);
    if (kept !== undefined && xattrsSize(kept) > MAX_XATTRS)
      throw refused(name, `has extended attributes of more than ${MAX_XATTRS} bytes`);
    return kept;
  }
}
