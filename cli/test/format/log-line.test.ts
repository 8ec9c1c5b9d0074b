import { expect, test } from 'vitest';
import { detailText, fixedTime } from '../../src/format/log-line.ts';

test.each([
  ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05.000000000Z'],
  ['2026-01-02T03:04:05.12Z', '2026-01-02T03:04:05.120000000Z'],
  ['2026-01-02T03:04:05.123456789Z', '2026-01-02T03:04:05.123456789Z'],
  ['2026-01-02T03:04:05+01:00', '2026-01-02T03:04:05+01:00'],
])('%s is printed as %s', (time, fixed) => {
  expect([fixedTime(time), fixedTime(time)]).toEqual([fixed, fixed]);
});

test('details are escaped as in a query, by key', () => {
  expect(detailText({ b: "a b+c&d,e=f!'()*~é", A: '' })).toBe(
    'A=,b=a+b%2Bc%26d%2Ce%3Df%21%27%28%29%2A~%C3%A9',
  );
  expect(detailText()).toBe('');
});
