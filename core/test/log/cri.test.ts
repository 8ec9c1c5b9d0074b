import { expect, test } from 'vitest';
import { parseCri } from '../../src/log/cri.ts';

const parsed = (line: string) => {
  const found = parseCri(Buffer.from(line, 'latin1'));
  return found && { ...found, text: Buffer.from(found.text).toString('latin1') };
};

const TIME = '2026-01-01T00:00:00.5Z';

test.each([
  [`${TIME} stdout F one`, 'stdout', TIME, 'one\n'],
  [`${TIME} stdout F  two `, 'stdout', TIME, ' two \n'],
  [`${TIME} stdout F`, 'stdout', TIME, '\n'],
  [`${TIME} stdout F three`, 'stdout', TIME, 'three\n'],
  [`${TIME} stdout F `, 'stdout', TIME, '\n'],
  [`${TIME} stdout P part`, 'stdout', TIME, 'part'],
  [`${TIME} stderr F \xff\0`, 'stderr', TIME, '\xff\0\n'],
  ['2026-01-01T00:00:01Z stderr F later', 'stderr', '2026-01-01T00:00:01Z', 'later\n'],
])('%j', (line, stream, time, text) => {
  expect(parsed(line)).toEqual({ time, stream, text });
});

test.each(['', TIME, `${TIME} stdout`, `${TIME} stdout X one`, `${TIME} stdin F one`, `${TIME} stdout Fone`])(
  'passes over %j',
  (line) => {
    expect(parsed(line)).toBeUndefined();
  },
);
