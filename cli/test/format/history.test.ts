import { expect, it } from 'vitest';
import { historyList } from '../../src/format/history.ts';

const entry = {
  id: undefined,
  created: '2026-11-21T10:00:00.947000000Z',
  createdBy: 'a',
  comment: '',
  size: 1500,
};

it('has times in whole seconds, and sizes as numbers when nobody is to read them', () => {
  const fields = (human: boolean) =>
    historyList({ noTrunc: false, human, now: Date.parse('2026-11-21T12:00:00Z') }).fields(entry, () => true);
  const CreatedAt = '2026-11-21T10:00:00Z';
  expect(fields(false)).toMatchObject({ ID: '<missing>', CreatedSince: CreatedAt, CreatedAt, Size: '1500' });
  expect(fields(true)).toMatchObject({ CreatedSince: '2 hours ago', CreatedAt, Size: '1.5kB' });
});
