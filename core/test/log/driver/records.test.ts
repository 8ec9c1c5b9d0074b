import { expect, it } from 'vitest';
import { RecordStream } from '../../../src/log/driver/records.ts';

/** A LogEntry of protocol buffers between its two sizes, as the launcher's `binary` framing has it. */
function record(stream: 'stdout' | 'stderr', text: string, partial = false): Buffer {
  const time = Buffer.from([0x10, 0x80, 0x94, 0xeb, 0xdc, 0x03]);
  const line = Buffer.from(text);
  const entry = Buffer.concat([
    Buffer.from([0x0a, 6]),
    Buffer.from(stream),
    time,
    Buffer.from([0x1a, line.length]),
    line,
    Buffer.from(partial ? [0x20, 1] : []),
  ]);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(entry.length);
  return Buffer.concat([size, entry, size]);
}

const words = (stream: RecordStream, chunk: Buffer): string[] =>
  stream
    .push(chunk)
    .map(({ stream, partial, text, time }) => `${stream} ${partial} ${Buffer.from(text)} ${time}`);

it('finds the entries of a stream, wherever its pieces end', () => {
  const bytes = Buffer.concat([record('stdout', 'one'), record('stderr', '', true), record('stdout', 'é')]);
  const all = [
    'stdout false one 1970-01-01T00:00:01Z',
    'stderr true  1970-01-01T00:00:01Z',
    'stdout false é 1970-01-01T00:00:01Z',
  ];
  for (let size = 1; size <= bytes.length; size++) {
    const stream = new RecordStream();
    const found: string[] = [];
    for (let at = 0; at < bytes.length; at += size)
      found.push(...words(stream, bytes.subarray(at, at + size)));
    expect(found, `in pieces of ${size}`).toEqual(all);
  }
});
