import { expect, it } from 'vitest';
import { groupBlock } from '../../src/container/stats.ts';

it('adds up what all devices read and wrote', () => {
  const text =
    '8:0 rbytes=100 wbytes=20 rios=1 wios=2 dbytes=7 dios=1\n8:16 rbytes=5 wbytes=0 rios=0 wios=0\n';
  expect(groupBlock(text)).toEqual([105, 20]);
});
it('has nothing without the controller', () => {
  expect(groupBlock('')).toBeUndefined();
});
