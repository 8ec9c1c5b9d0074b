import { durationMs } from '@wherry/core/duration';
import { describe, expect, it } from 'vitest';
import { parseMoment } from '../../src/flags/time.ts';

const NOW = Date.parse('2026-11-21T12:00:00Z');

describe('--since and --until', () => {
  it.each([
    ['42m', '2026-11-21T11:18:00.000Z'],
    ['1h30m', '2026-11-21T10:30:00.000Z'],
    ['2026-11-21T13:23:37Z', '2026-11-21T13:23:37Z'],
    ['2026-11-21T13:23:37.123456789Z', '2026-11-21T13:23:37.123456789Z'],
    ['2026-11-21T13:23:37+02:00', '2026-11-21T11:23:37Z'],
    ['1700000000', '2023-11-14T22:13:20.000000000Z'],
    ['1700000000.5', '2023-11-14T22:13:20.500000000Z'],
  ])('reads %s', (text, moment) => {
    expect(parseMoment(text, NOW)).toBe(moment);
  });

  it.each(['yesterday', '2026-13-01', '', '5x', '2026-11-21T25:00:00Z'])('refuses %j', (text) => {
    expect(() => parseMoment(text, NOW)).toThrow('is not a time');
  });

  it('reads every unit of Go', () => {
    expect(durationMs('1h2m3s4ms')).toBe(3_723_004);
    expect(durationMs('1.5s')).toBe(1500);
    expect(durationMs('-2s')).toBe(-2000);
    expect(durationMs('10')).toBeUndefined();
  });
});
