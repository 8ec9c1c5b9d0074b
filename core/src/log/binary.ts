import type { LogLine } from '../api.ts';
import { utcTime } from '../container/time.ts';

const NEWLINE = 0x0a;
/** The fourth letter of `stderr`. */
const LETTER_E = 0x65;

/** Wire types of protocol buffers, and the keys of a LogEntry's fields: number and wire type. */
const LENGTH_DELIMITED = 2;
const SOURCE = (1 << 3) | LENGTH_DELIMITED;
const TIME = 2 << 3;
const LINE = (3 << 3) | LENGTH_DELIMITED;
const PARTIAL = 4 << 3;

/** All lines of a batch have one time, which is put into words once. */
const last = { high: -1, low: -1, text: '' };

/**
 * Parses a LogEntry of Docker's local driver: protocol buffers with source (1), time_nano (2), line (3) and partial (4).
 * @returns undefined for one that is damaged
 */
export function parseLogEntry(record: Uint8Array): LogLine | undefined {
  let at = 0;
  let low = 0;
  let high = 0;
  /** Into `low`, 28 bits, and `high`, the others: numbers keep them exactly where one of 64 bits would not fit. */
  const varint = (): number => {
    low = high = 0;
    for (let group = 0; at < record.length; group += 1) {
      const byte = record[at] ?? 0;
      at += 1;
      if (group < 4) low |= (byte & 0x7f) << (7 * group);
      else high += (byte & 0x7f) * 2 ** (7 * (group - 4));
      if (byte < 0x80) break;
    }
    return low;
  };
  let time: string | undefined;
  let stream: LogLine['stream'] = 'stdout';
  let start = 0;
  let end = 0;
  let partial = false;
  while (at < record.length) {
    const key = varint();
    const value = varint();
    if ((key & 7) === LENGTH_DELIMITED) {
      if (at + value > record.length) return undefined;
      if (key === SOURCE) stream = record[at + 3] === LETTER_E ? 'stderr' : 'stdout';
      if (key === LINE) {
        start = at;
        end = at + value;
      }
      at += value;
    } else if ((key & 7) === 0) {
      if (key === TIME) time = timeText(high, low);
      if (key === PARTIAL) partial = low !== 0 || high !== 0;
    } else return undefined;
  }
  if (time === undefined) return undefined;
  const text = Buffer.allocUnsafe(end - start + (partial ? 0 : 1));
  text.set(record.subarray(start, end));
  if (!partial) text[text.length - 1] = NEWLINE;
  return { time, stream, text };
}

/** RFC 3339 without the zeros at the end, as json-file has it. */
function timeText(high: number, low: number): string {
  if (high === last.high && low === last.low) return last.text;
  const time = (BigInt(high) << 28n) | BigInt(low);
  const seconds = utcTime(Number(time / 1_000_000_000n) * 1000).slice(0, 19);
  const fraction = String(time % 1_000_000_000n)
    .padStart(9, '0')
    .replace(/0+$/, '');
  last.high = high;
  last.low = low;
  last.text = `${seconds}${fraction === '' ? '' : `.${fraction}`}Z`;
  return last.text;
}
