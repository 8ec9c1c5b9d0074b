import type { LogLine } from '../api.ts';
import type { Framing } from '../plugin/contract.ts';
import { parseLogEntry } from './binary.ts';
import { parseCri } from './cri.ts';
import { parseDockerJson } from './docker-json.ts';

/** How records lie in a log file: each ended by a newline, or between two sizes of four bytes, big-endian. */
export type Delimiting = 'newline' | 'sized';

/** How a log file is read back. */
export interface LogForm {
  readonly delimiting: Delimiting;
  /** @returns undefined for a record that is torn or damaged, as a crash of the machine may leave one. */
  readonly parse: (record: Uint8Array) => LogLine | undefined;
}

/** Lines that are handed over to a driver at once, in bytes; a single one may be longer. */
const PIECE = 64 * 1024;

/** A log that its driver understands: `parse` is called with whole lines, of which each may be any number of records. */
export interface ParsedForm {
  readonly delimiting: 'newline';
  readonly parseLines: (lines: Uint8Array) => readonly LogLine[];
}

/** The lines of a log in the records of one file, which come without newline or sizes. */
export function* linesOf(records: Iterable<Uint8Array>, form: LogForm | ParsedForm): Generator<LogLine> {
  if ('parse' in form) {
    for (const record of records) {
      const line = form.parse(record);
      if (line !== undefined) yield line;
    }
    return;
  }
  let piece: Uint8Array[] = [];
  let size = 0;
  for (const record of records) {
    piece.push(record, NEWLINE);
    size += record.length + 1;
    if (size < PIECE) continue;
    yield* form.parseLines(Buffer.concat(piece));
    piece = [];
    size = 0;
  }
  if (size > 0) yield* form.parseLines(Buffer.concat(piece));
}

const NEWLINE = Uint8Array.of(0x0a);

const FORMS: Partial<Record<Framing, LogForm>> = {
  'docker-json': { delimiting: 'newline', parse: parseDockerJson },
  cri: { delimiting: 'newline', parse: parseCri },
  binary: { delimiting: 'sized', parse: parseLogEntry },
};

/** @returns undefined for a framing that can't be read back: it doesn't keep the stream and the time. */
export function logForm(framing: Framing): LogForm | undefined {
  return FORMS[framing];
}
