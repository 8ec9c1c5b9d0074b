import { expect, it } from 'vitest';
import { parseSignal, signalName } from '../../src/container/signal.ts';

it.each([
  ['TERM', 15],
  ['SIGTERM', 15],
  ['sigkill', 9],
  ['9', 9],
  ['RTMIN', 34],
  ['SIGRTMIN+3', 37],
  ['RTMAX-1', 63],
  ['64', 64],
] as const)('%s is signal %d', (text, number) => {
  expect(parseSignal(text)).toBe(number);
});

it.each(['', '0', '65', '-1', 'NOPE', 'RTMIN-1', 'RTMAX+1', '1.5', '015x'])('%j is no signal', (text) => {
  expect(() => parseSignal(text)).toThrow(expect.objectContaining({ code: 'E_SIGNAL' }));
});

it('knows the name of a number', () => {
  expect(signalName(15)).toBe('SIGTERM');
  expect(signalName(40)).toBe('40');
});
