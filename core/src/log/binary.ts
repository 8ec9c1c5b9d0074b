import type { LogLine } from '../api.ts';

const NEWLINE = Uint8Array.of(0x0a);

/**
 * Parses a LogEntry of Docker's local driver: protocol buffers with source (1), time_nano (2), line (3) and partial (4).
 * @returns undefined for one that is damaged
 */
export function parseLogEntry(record: Uint8Array): LogLine | undefined {
  const bytes = Buffer.from(record.buffer, record.byteOffset, record.length);
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; at < bytes.length; shift += 7n) {
      const byte = bytes[at] ?? 0;
      at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    return value;
  };
  let time: bigint | undefined;
  let source = '';
  let text: Uint8Array = new Uint8Array();
  let partial = false;
  while (at < bytes.length) {
    const key = Number(varint());
    if ((key & 7) === 2) {
      const length = Number(varint());
      const value = bytes.subarray(at, at + length);
      if (value.length < length) return undefined;
      at += length;
      if (key >> 3 === 1) source = value.toString('latin1');
      if (key >> 3 === 3) text = value;
    } else if ((key & 7) === 0) {
      const value = varint();
      if (key >> 3 === 2) time = value;
      if (key >> 3 === 4) partial = value !== 0n;
    } else return undefined;
  }
  if (time === undefined) return undefined;
  return {
    time: formatNanoseconds(time),
    stream: source === 'stderr' ? 'stderr' : 'stdout',
    text: partial ? text.slice() : Buffer.concat([text, NEWLINE]),
  };
}

/** RFC 3339 without the zeros at the end, as json-file has it. */
function formatNanoseconds(time: bigint): string {
  const seconds = new Date(Number(time / 1_000_000_000n) * 1000).toISOString().slice(0, 19);
  const fraction = String(time % 1_000_000_000n)
    .padStart(9, '0')
    .replace(/0+$/, '');
  return `${seconds}${fraction === '' ? '' : `.${fraction}`}Z`;
}
