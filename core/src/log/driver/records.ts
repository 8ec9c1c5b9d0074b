import type { Entry } from '../../plugin/contract.ts';
import { parseLogEntry } from '../binary.ts';
import { SIZE_BYTES } from '../reader.ts';

const NEWLINE = 0x0a;

/** Takes a monitor's stream apart: Docker's LogEntry between two sizes (`binary`), as it comes in pieces of any length. */
export class RecordStream {
  #rest: Buffer = Buffer.alloc(0);

  /** The entries that are complete by now. */
  push(chunk: Buffer): Entry[] {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const entries: Entry[] = [];
    let start = 0;
    while (start + SIZE_BYTES <= bytes.length) {
      const end = start + SIZE_BYTES + bytes.readUInt32BE(start);
      if (end + SIZE_BYTES > bytes.length) break;
      const line = parseLogEntry(bytes.subarray(start + SIZE_BYTES, end));
      start = end + SIZE_BYTES;
      if (line === undefined) continue;
      const partial = line.text.at(-1) !== NEWLINE;
      entries.push({
        time: line.time,
        stream: line.stream,
        partial,
        text: partial ? line.text : line.text.subarray(0, -1),
        attributes: [],
      });
    }
    this.#rest = bytes.subarray(start);
    return entries;
  }
}
