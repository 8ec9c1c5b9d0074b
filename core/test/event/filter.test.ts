import { expect, it } from 'vitest';
import { eventFits } from '../../src/event/filter.ts';

const die = {
  type: 'container',
  action: 'die',
  actor: 'abc123',
  attributes: { name: 'box', image: 'busybox:latest', colour: 'blue' },
  time: '2026-01-01T00:00:00.000000000Z',
} as const;
const fits = (...words: readonly (readonly [string, ...string[]])[]): boolean =>
  eventFits(die, new Map(words.map(([name, ...values]) => [name, values])));

it('takes what every name of a filter fits by one of its values', () => {
  expect(fits()).toBe(true);
  expect(fits(['event', 'start', 'die'])).toBe(true);
  expect(fits(['event', 'start'])).toBe(false);
  expect(fits(['event', 'die'], ['type', 'image'])).toBe(false);
  expect(fits(['scope', 'local'])).toBe(true);
  expect(fits(['scope', 'swarm'])).toBe(false);
});
it('knows containers by id and name, and images with their tag or without', () => {
  expect(fits(['container', 'abc'])).toBe(true);
  expect(fits(['container', 'bo'])).toBe(true);
  expect(fits(['container', 'c1'])).toBe(false);
  expect(fits(['network', 'abc'])).toBe(true);
  expect(fits(['daemon', 'other'])).toBe(false);
  expect(fits(['plugin', 'other'])).toBe(false);
  expect(fits(['image', 'busybox'])).toBe(true);
  expect(fits(['image', 'busybox:latest'])).toBe(true);
  expect(fits(['image', 'busy'])).toBe(false);
});
it('wants all labels', () => {
  expect(fits(['label', 'colour'])).toBe(true);
  expect(fits(['label', 'colour=blue', 'shape'])).toBe(false);
  expect(fits(['label', 'colour=red'])).toBe(false);
});
it('takes actions with a command or a status by their first word', () => {
  const health = { ...die, action: 'health_status: healthy' };
  expect(eventFits(health, new Map([['event', ['health_status']]]))).toBe(true);
  expect(eventFits(health, new Map([['event', ['health_status: healthy']]]))).toBe(true);
  expect(eventFits(health, new Map([['event', ['health']]]))).toBe(false);
});
