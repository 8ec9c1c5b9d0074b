import { Buffer } from 'node:buffer';
import { TarError } from './error.ts';
import { parseDecimal } from './pax.ts';
import {
  checkExtents,
  type Extent,
  MAX_SPARSE_MAP,
  parseOldSparse,
  parsePaxSparse,
  parseSparseMap,
} from './sparse.ts';
import type { TarHandler } from './tar-entry.ts';
import { BLOCK, isZeroBlock, number, parseHeader, type TarHeader } from './tar-header.ts';
import { Extensions } from './tar-members.ts';

/** Extended headers hold names and attributes; nothing sensible in them is larger. Bytes. */
const MAX_EXTENDED = 1024 * 1024;
const EMPTY = Buffer.alloc(0);

/** Members without content, whatever size their header gives, and those that only describe the next one. */
const WITHOUT_CONTENT = '123456';
const EXTENDED = 'xXgLK';

/**
 * Reads an archive that comes in pieces of any size: ustar, pax, GNU and old tar, sparse files in all their formats.
 * Calls the handler within `write` and passes content on without copying it.
 *
 * It is our own because names and attributes are bytes: libraries at hand read pax records as UTF-8, which changes what
 * isn't, and can't skip the blocks that continue an old sparse header.
 */
export class TarReader {
  readonly #handler: TarHandler;
  #state: 'header' | 'extended' | 'old-sparse' | 'sparse-map' | 'content' | 'padding' | 'end' = 'header';
  #held: Buffer = EMPTY;
  #header: TarHeader | undefined;
  #extensions = new Extensions();
  /** Bytes of the member's content that are still to come, and of the zeros after it. */
  #left = 0;
  #padding = 0;
  #extents: Extent[] = [];
  #extent = 0;
  #offset = 0;
  #size = 0;
  #zeroBlocks = 0;

  constructor(handler: TarHandler) {
    this.#handler = handler;
  }

  /** @throws TarError and whatever the handler throws. */
  write(chunk: Buffer): void {
    let data = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = EMPTY;
    while (data.length > 0) {
      const used = this.#step(data);
      if (used === 0) {
        this.#held = Buffer.from(data);
        return;
      }
      data = used === data.length ? EMPTY : data.subarray(used);
    }
  }

  /** @throws TarError when the archive ends within a member. */
  end(): void {
    const between =
      this.#state === 'header' && this.#held.length === 0 && this.#extensions.records.length === 0;
    if (this.#state !== 'end' && !between)
      throw new TarError('ends early: its tar archive is truncated', { corrupt: true });
  }

  /** Takes some of `data` in and says how much; 0 when it needs more than there is. */
  #step(data: Buffer): number {
    switch (this.#state) {
      case 'header':
        return data.length < BLOCK ? 0 : this.#takeHeader(data.subarray(0, BLOCK));
      case 'extended':
        return data.length < this.#left ? 0 : this.#takeExtended(data.subarray(0, this.#left));
      case 'old-sparse':
        return data.length < BLOCK ? 0 : this.#takeOldSparse(data.subarray(0, BLOCK));
      case 'sparse-map':
        return this.#takeSparseMap(data);
      case 'content':
        return this.#takeContent(data);
      case 'padding': {
        const used = Math.min(this.#padding, data.length);
        this.#padding -= used;
        if (this.#padding === 0) this.#state = 'header';
        return used;
      }
      case 'end':
        return data.length;
    }
  }

  #takeHeader(block: Buffer): number {
    if (isZeroBlock(block)) {
      this.#zeroBlocks += 1;
      if (this.#zeroBlocks === 2) this.#state = 'end';
      return BLOCK;
    }
    this.#zeroBlocks = 0;
    const header = parseHeader(block);
    const { flag } = header;
    if (EXTENDED.includes(flag)) {
      if (header.size < 0 || header.size > MAX_EXTENDED)
        throw new TarError('has an extended header of more than 1 MiB', { corrupt: true });
      this.#header = header;
      this.#begin(header.size, 'extended');
      if (header.size === 0) this.#state = 'header';
      return BLOCK;
    }
    // A volume's label (GNU tar -V) is no file.
    const stored = WITHOUT_CONTENT.includes(flag) ? 0 : this.#extensions.storedSize(header);
    if (!Number.isSafeInteger(stored) || stored < 0)
      throw new TarError('has a member of an impossible size', { corrupt: true });
    this.#header = header;
    this.#begin(stored, 'content');
    if (flag === 'V') this.#expect([], 0);
    else if (flag === 'S') this.#beginOldSparse(block);
    else if (this.#extensions.get('GNU.sparse.major') === '1') this.#state = 'sparse-map';
    else this.#announce(header, parsePaxSparse(this.#extensions.records));
    return BLOCK;
  }

  #begin(size: number, state: 'extended' | 'content'): void {
    this.#left = size;
    this.#padding = (BLOCK - (size % BLOCK)) % BLOCK;
    this.#state = state;
    this.#extents = [];
  }

  #takeExtended(body: Buffer): number {
    this.#extensions.add(this.#header?.flag ?? '', body);
    this.#state = 'padding';
    if (this.#padding === 0) this.#state = 'header';
    return body.length;
  }

  #beginOldSparse(block: Buffer): void {
    this.#size = number(block, 483, 12);
    this.#extents = parseOldSparse(block, 386, 4);
    if (block[482] !== 0) this.#state = 'old-sparse';
    else this.#announceHeld(this.#extents);
  }

  #takeOldSparse(block: Buffer): number {
    this.#extents.push(...parseOldSparse(block, 0, 21));
    if (this.#extents.length * 24 > MAX_SPARSE_MAP)
      throw new TarError('has too large a map of a sparse file', { corrupt: true });
    if (block[504] === 0) this.#announceHeld(this.#extents);
    return BLOCK;
  }

  #takeSparseMap(data: Buffer): number {
    const map = parseSparseMap(data.length > this.#left ? data.subarray(0, this.#left) : data);
    const used = map === undefined ? 0 : Math.ceil(map.size / BLOCK) * BLOCK;
    if (map === undefined || data.length < used) {
      if (data.length >= this.#left || data.length > MAX_SPARSE_MAP)
        throw new TarError('has a damaged map of a sparse file', { corrupt: true });
      return 0;
    }
    if (used > this.#left) throw new TarError('has a damaged map of a sparse file', { corrupt: true });
    this.#left -= used;
    this.#announceHeld(map.extents);
    return used;
  }

  #announceHeld(extents: Extent[]): void {
    if (this.#header !== undefined) this.#announce(this.#header, extents);
  }

  #announce(header: TarHeader, sparse: Extent[] | undefined): void {
    const extensions = this.#extensions;
    const real = extensions.get('GNU.sparse.realsize') ?? extensions.get('GNU.sparse.size');
    let size = this.#left;
    if (sparse !== undefined)
      size = header.flag === 'S' ? this.#size : real === undefined ? size : parseDecimal(real);
    const extents = sparse ?? [{ offset: 0, length: size }];
    if (!Number.isSafeInteger(size) || size < 0)
      throw new TarError('has a member of an impossible size', { corrupt: true });
    checkExtents(extents, size, this.#left);
    const entry = extensions.entry(header, size);
    this.#handler.entry(entry);
    if (entry.type === 'file') this.#expect(extents, size);
    else this.#expect([], 0);
  }

  #expect(extents: Extent[], size: number): void {
    this.#extensions = new Extensions();
    this.#extents = extents;
    this.#extent = 0;
    this.#offset = 0;
    this.#size = size;
    this.#state = 'content';
    this.#advance();
  }

  /** Tells the holes before the next data, and ends the member when it is complete. */
  #advance(): void {
    for (
      let extent = this.#extents[this.#extent];
      extent !== undefined;
      extent = this.#extents[this.#extent]
    ) {
      this.#skipTo(extent.offset);
      if (this.#offset < extent.offset + extent.length) return;
      this.#extent += 1;
    }
    this.#skipTo(this.#size);
    if (this.#left === 0) this.#state = this.#padding === 0 ? 'header' : 'padding';
  }

  #skipTo(offset: number): void {
    if (offset <= this.#offset) return;
    this.#handler.hole(offset - this.#offset);
    this.#offset = offset;
  }

  #takeContent(data: Buffer): number {
    const available = Math.min(data.length, this.#left);
    const extent = this.#extents[this.#extent];
    const wanted = extent === undefined ? this.#left : extent.offset + extent.length - this.#offset;
    const used = Math.min(available, wanted);
    if (extent !== undefined) {
      this.#handler.data(used === data.length ? data : data.subarray(0, used));
      this.#offset += used;
    }
    this.#left -= used;
    if (used === wanted || this.#left === 0) this.#advance();
    return used;
  }
}
