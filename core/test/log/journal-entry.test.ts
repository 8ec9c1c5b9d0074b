import { expect, test } from 'vitest';
import { parseJournalEntry } from '../../src/log/journal-entry.ts';

const BASE = { __CURSOR: 's=1', __REALTIME_TIMESTAMP: '1700000000123456', _PID: '7', PRIORITY: '6' };
const parse = (fields: object) => parseJournalEntry(JSON.stringify({ ...BASE, ...fields }));

test('a line of output, its time to the nanosecond, and what was chosen for it', () => {
  const entry = parse({
    MESSAGE: 'hello',
    SYSLOG_TIMESTAMP: '2026-01-02T03:04:05.000000006Z',
    CONTAINER_NAME: 'web',
    TIER: 'front',
  });
  expect(entry).toEqual({
    cursor: 's=1',
    line: {
      time: '2026-01-02T03:04:05.000000006Z',
      stream: 'stdout',
      text: Buffer.from('hello\n'),
      attributes: { TIER: 'front' },
    },
  });
});

test('without a time of its own, that of its arrival; errors, bytes, and parts of lines', () => {
  const entry = parse({ MESSAGE: [255, 97], PRIORITY: '3', CONTAINER_PARTIAL_MESSAGE: 'true' });
  expect(entry?.line).toEqual({
    time: '2023-11-14T22:13:20.123456Z',
    stream: 'stderr',
    text: Buffer.from([255, 97]),
  });
});

test.each(['', '-- No entries --', '{"MESSAGE":"x"}'])('%j is no entry', (text) => {
  expect(parseJournalEntry(text)).toBeUndefined();
});
