import { Buffer } from 'node:buffer';
import { type Attributes, type BytePath, MAX_FRAME, type Xattrs } from './protocol.ts';

/** Small frames are gathered into pieces of this size, since a write to a pipe costs more than what is in it. */
const ARENA = 64 * 1024;
/** File data from this size on goes by reference, below it is copied into the arena. */
const BY_REFERENCE = 8 * 1024;

/** Lays frames out, little-endian, and hands them on in large pieces. */
export class FrameWriter {
  readonly #sink: (piece: Uint8Array) => void;
  #arena = Buffer.allocUnsafe(ARENA);
  #start = 0;
  #at = 0;
  #frame = 0;

  constructor(sink: (piece: Uint8Array) => void) {
    this.#sink = sink;
  }

  /** Begins a frame of at most `size` bytes after the operation. */
  begin(op: number, size: number): this {
    if (size + 5 > MAX_FRAME) throw new RangeError(`A frame of ${size} bytes is too long.`);
    this.#reserve(size + 5);
    this.#frame = this.#at;
    this.#at += 4;
    return this.u8(op);
  }

  u8(value: number): this {
    this.#arena[this.#at++] = value;
    return this;
  }

  u16(value: number): this {
    this.#at = this.#arena.writeUInt16LE(value, this.#at);
    return this;
  }

  u32(value: number): this {
    this.#at = this.#arena.writeUInt32LE(value, this.#at);
    return this;
  }

  /** A safe integer, negative ones as two's complement. */
  i64(value: number): this {
    const high = Math.floor(value / 0x100000000);
    this.#at = this.#arena.writeUInt32LE(value - high * 0x100000000, this.#at);
    this.#at = this.#arena.writeInt32LE(high, this.#at);
    return this;
  }

  /** A path or name whose characters are bytes. */
  bytes(text: BytePath): this {
    this.u16(text.length);
    this.#at += this.#arena.write(text, this.#at, 'latin1');
    return this;
  }

  /** A path of the host, which is UTF-8. */
  text(text: string): this {
    return this.bytes(Buffer.from(text).toString('latin1'));
  }

  attributes({ mode, uid, gid, mtime, xattrs }: Attributes, path: BytePath): this {
    this.u32(mode).u32(uid).u32(gid).i64(mtime.seconds).u32(mtime.nanoseconds).bytes(path);
    if (xattrs === undefined) return this.u16(0).u32(0);
    this.u16(xattrs.size).u32(xattrsSize(xattrs));
    for (const [name, value] of xattrs) {
      this.bytes(name).u32(value.length);
      this.#arena.set(value, this.#at);
      this.#at += value.length;
    }
    return this;
  }

  end(): void {
    this.#arena.writeUInt32LE(this.#at - this.#frame - 4, this.#frame);
  }

  /** A frame of file data. The bytes must not be changed afterwards. */
  data(op: number, bytes: Uint8Array): void {
    const copied = bytes.length < BY_REFERENCE;
    this.#reserve(5 + (copied ? bytes.length : 0));
    this.u32(bytes.length + 1).u8(op);
    if (copied) {
      this.#arena.set(bytes, this.#at);
      this.#at += bytes.length;
      return;
    }
    this.flush();
    this.#sink(bytes);
  }

  /** Hands on what is complete. */
  flush(): void {
    if (this.#at === this.#start) return;
    this.#sink(this.#arena.subarray(this.#start, this.#at));
    this.#start = this.#at;
  }

  #reserve(size: number): void {
    if (this.#at + size <= this.#arena.length) return;
    this.flush();
    // What was handed on is still being written, so it isn't used again.
    this.#arena = Buffer.allocUnsafe(Math.max(ARENA, size));
    this.#start = 0;
    this.#at = 0;
  }
}

/** Bytes that extended attributes take in a frame, and so against the worker's limit. */
export function xattrsSize(xattrs: Xattrs): number {
  let size = 0;
  for (const [name, value] of xattrs) size += 6 + name.length + value.length;
  return size;
}

/** At least the bytes that `attributes` puts into a frame. */
export function attributesSize({ xattrs }: Attributes, path: BytePath): number {
  return 36 + path.length + (xattrs === undefined ? 0 : xattrsSize(xattrs));
}
