import { describe, expect, it } from 'vitest';
import { humanDuration, statusText } from '../../src/container/status.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

describe('humanDuration', () => {
  it.each([
    [999, 'Less than a second'],
    [1.9 * second, '1 second'],
    [59.9 * second, '59 seconds'],
    [minute, 'About a minute'],
    [2 * minute, '2 minutes'],
    [59 * minute, '59 minutes'],
    [hour, 'About an hour'],
    [1.6 * hour, '2 hours'],
    [47 * hour, '47 hours'],
    [2 * day, '2 days'],
    [13 * day, '13 days'],
    [14 * day, '2 weeks'],
    [60 * day, '2 months'],
    [800 * day, '2 years'],
  ])('%d ms is %s', (ms, words) => {
    expect(humanDuration(ms)).toBe(words);
  });
});

describe('statusText', () => {
  const now = Date.parse('2026-03-01T12:00:00Z');
  const startedAt = '2026-03-01T11:58:00.500000000Z';
  const finishedAt = '2026-03-01T11:59:57.000000001Z';

  it.each([
    [{ state: 'created' }, 'Created'],
    [{ state: 'running', startedAt }, 'Up About a minute'],
    [{ state: 'exited', startedAt, finishedAt, exitCode: 137 }, 'Exited (137) 3 seconds ago'],
    [{ state: 'removing' }, 'Removal In Progress'],
  ] as const)('%o', (facts, words) => {
    expect(statusText(facts, now)).toBe(words);
  });

  it('never counts backwards when the clock was set', () => {
    expect(statusText({ state: 'running', startedAt: '2026-03-01T13:00:00Z' }, now)).toBe(
      'Up Less than a second',
    );
  });
});
