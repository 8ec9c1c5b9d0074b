import { expect, test } from 'vitest';
import { timestamp, utcTime } from '../../src/container/time.ts';

test('a moment in UTC is as Date has it', () => {
  const day = 24 * 3600 * 1000;
  const moments = [0, 1, 999, 951_782_400_000, 951_868_799_999, 4_107_542_400_000, 253_402_300_799_999];
  for (let days = -800; days < 80_000; days += 7) moments.push(days * day + ((days * 7919) % day));
  for (let year = 1970; year < 2130; year += 1) moments.push(Date.UTC(year, 1, 29), Date.UTC(year, 2, 1) - 1);
  for (const ms of moments) expect(`${utcTime(ms)}Z`).toBe(new Date(ms).toISOString());
});

test('now has nine digits', () => {
  const before = Date.now();
  const now = timestamp();
  expect(now).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}000000Z$/);
  expect(Date.parse(now)).toBeGreaterThanOrEqual(before);
});
