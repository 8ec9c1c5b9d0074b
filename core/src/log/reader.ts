import type { Delimiting } from './form.ts';
import type { LogSource } from './source.ts';

const BLOCK = 256 * 1024;
const NEWLINE = 0x0a;
/** Bytes of a size, before and behind a record. */
export const SIZE_BYTES = 4;

/** Reads whole records from a log file that may still grow. What is incomplete waits for the next call. */
export class LineReader {
  readonly source: LogSource;
  readonly #delimiting: Delimiting;
  #offset: number;
  #rest: Uint8Array = new Uint8Array();

  constructor(source: LogSource, offset: number, delimiting: Delimiting) {
    this.source = source;
    this.#offset = offset;
    this.#delimiting = delimiting;
  }

  /** The records that are complete by now, without newline or sizes. */
  *lines(): Generator<Uint8Array> {
    for (;;) {
      const block = this.source.read(this.#offset, BLOCK);
      if (block.length === 0) return;
      this.#offset += block.length;
      if (this.#delimiting === 'newline') yield* this.#byNewline(block);
      else yield* this.#bySize(block);
    }
  }

  *#byNewline(block: Uint8Array): Generator<Uint8Array> {
    let start = 0;
    for (let end = block.indexOf(NEWLINE); end >= 0; end = block.indexOf(NEWLINE, start)) {
      const line = block.subarray(start, end);
      yield this.#rest.length === 0 ? line : concat(this.#rest, line);
      this.#rest = new Uint8Array();
      start = end + 1;
    }
    if (start < block.length) this.#rest = concat(this.#rest, block.subarray(start));
  }

  *#bySize(block: Uint8Array): Generator<Uint8Array> {
    const bytes = this.#rest.length === 0 ? block : concat(this.#rest, block);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let start = 0;
    while (start + SIZE_BYTES <= bytes.length) {
      const end = start + SIZE_BYTES + view.getUint32(start);
      if (end + SIZE_BYTES > bytes.length) break;
      yield bytes.subarray(start + SIZE_BYTES, end);
      start = end + SIZE_BYTES;
    }
    this.#rest = bytes.slice(start);
  }
}

function concat(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const whole = new Uint8Array(head.length + tail.length);
  whole.set(head);
  whole.set(tail, head.length);
  return whole;
}
