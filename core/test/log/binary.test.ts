import { expect, test } from 'vitest';
import { parseLogEntry } from '../../src/log/binary.ts';

function varint(value: bigint): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7n) {
    if (rest < 0x80n) return [...bytes, Number(rest)];
    bytes.push(Number(rest & 0x7fn) | 0x80);
  }
}

const field = (number: number, text: string): number[] => {
  const bytes = [...Buffer.from(text)];
  return [(number << 3) | 2, ...varint(BigInt(bytes.length)), ...bytes];
};
const record = (source: string, time: bigint, line: string, partial = false): Uint8Array =>
  Uint8Array.from([
    ...field(1, source),
    ...[2 << 3, ...varint(time)],
    ...field(3, line),
    ...(partial ? [4 << 3, 1] : []),
  ]);

test.each([
  [0n, '1970-01-01T00:00:00Z'],
  [1_700_000_000_000_000_001n, '2023-11-14T22:13:20.000000001Z'],
  [1_700_000_000_123_400_000n, '2023-11-14T22:13:20.1234Z'],
  [1_700_000_000_123_400_000n, '2023-11-14T22:13:20.1234Z'],
  [4_102_444_800_999_999_999n, '2100-01-01T00:00:00.999999999Z'],
])('the time %s is %s', (time, text) => {
  expect(parseLogEntry(record('stdout', time, 'x'))?.time).toBe(text);
});

test('lines, parts of lines, and both streams', () => {
  expect(parseLogEntry(record('stderr', 1n, 'é'.repeat(200)))).toMatchObject({
    stream: 'stderr',
    text: Buffer.from(`${'é'.repeat(200)}\n`),
  });
  expect(parseLogEntry(record('stdout', 1n, '', false))?.text).toEqual(Buffer.from('\n'));
  expect(parseLogEntry(record('stdout', 1n, 'part', true))).toMatchObject({
    stream: 'stdout',
    text: Buffer.from('part'),
  });
});

test('what is cut off, or has no time, is no entry', () => {
  const whole = record('stdout', 1n, 'text');
  expect(parseLogEntry(whole.subarray(0, whole.length - 1))).toBeUndefined();
  expect(parseLogEntry(Uint8Array.from(field(3, 'text')))).toBeUndefined();
  expect(parseLogEntry(Uint8Array.of(0x0d, 1, 2, 3, 4))).toBeUndefined();
});
