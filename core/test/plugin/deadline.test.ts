import { expect, test } from 'vitest';
import { DeadlineError, withDeadline } from '../../src/plugin/deadline.ts';

test('an answer in time is handed on', () => {
  expect(withDeadline(60_000, () => 42)).toBe(42);
  expect(withDeadline(60_000, () => undefined)).toBeUndefined();
});

test('what is thrown is handed on', () => {
  const error = new Error('its own');
  expect(() =>
    withDeadline(60_000, () => {
      throw error;
    }),
  ).toThrow(error);
});

test('a loop without end is ended', () => {
  const start = performance.now();
  expect(() =>
    withDeadline(30, () => {
      for (;;);
    }),
  ).toThrow(DeadlineError);
  expect(performance.now() - start).toBeGreaterThanOrEqual(29);
});

test('a deadline within a deadline leaves the outer one its answer', () => {
  expect(withDeadline(60_000, () => withDeadline(30_000, () => 1) + 1)).toBe(2);
});
