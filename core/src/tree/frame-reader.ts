import { Buffer } from 'node:buffer';
import type { BytePath, Xattrs } from './protocol.ts';

/** One answer of the worker, read from front to back. */
export class Frame {
  readonly kind: number;
  readonly id: number;
  readonly #body: Buffer;
  #at = 5;

  /** @param body All that follows the length. */
  constructor(body: Buffer) {
    this.#body = body;
    this.kind = body.readUInt8(0);
    this.id = body.readUInt32LE(1);
  }

  u8(): number {
    return this.#body.readUInt8(this.#at++);
  }

  u16(): number {
    this.#at += 2;
    return this.#body.readUInt16LE(this.#at - 2);
  }

  u32(): number {
    this.#at += 4;
    return this.#body.readUInt32LE(this.#at - 4);
  }

  i64(): number {
    const low = this.u32();
    this.#at += 4;
    return this.#body.readInt32LE(this.#at - 4) * 0x100000000 + low;
  }

  bytes(): BytePath {
    const length = this.u16();
    this.#at += length;
    return this.#body.toString('latin1', this.#at - length, this.#at);
  }

  xattrs(): Xattrs {
    const count = this.u16();
    this.u32();
    const found = new Map<string, Uint8Array>();
    for (let index = 0; index < count; index += 1) {
      const name = this.bytes();
      const length = this.u32();
      this.#at += length;
      found.set(name, Uint8Array.prototype.slice.call(this.#body, this.#at - length, this.#at));
    }
    return found;
  }

  rest(): Buffer {
    return this.#body.subarray(this.#at);
  }
}

/** Cuts a stream of bytes into frames. */
export class FrameReader {
  #held: Buffer[] = [];
  #size = 0;

  /** Takes bytes in, calls `onFrame` for each frame that is complete with them. */
  push(chunk: Buffer, onFrame: (frame: Frame) => void): void {
    this.#held.push(chunk);
    this.#size += chunk.length;
    if (this.#size < 4 || this.#size < this.#wanted()) return;
    const [first = chunk] = this.#held;
    let data = this.#held.length === 1 ? first : Buffer.concat(this.#held);
    while (data.length >= 4) {
      const length = data.readUInt32LE(0);
      if (data.length < 4 + length) break;
      onFrame(new Frame(data.subarray(4, 4 + length)));
      data = data.subarray(4 + length);
    }
    this.#held = data.length === 0 ? [] : [data];
    this.#size = data.length;
  }

  #wanted(): number {
    const [first] = this.#held;
    if (first !== undefined && first.length >= 4) return 4 + first.readUInt32LE(0);
    this.#held = [Buffer.concat(this.#held)];
    return 4 + (this.#held[0]?.readUInt32LE(0) ?? 0);
  }
}
