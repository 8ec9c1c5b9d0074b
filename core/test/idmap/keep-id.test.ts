import { describe, expect, it } from 'vitest';
import { toInside, toOutside } from '../../src/idmap/extent.ts';
import { keepIdMap } from '../../src/idmap/keep-id.ts';

const COMMON = [
  { inside: 0, outside: 1001, count: 1 },
  { inside: 1, outside: 100000, count: 65536 },
];

describe('keepIdMap', () => {
  it('has the user and root change places, and leaves all other ids', () => {
    const map = keepIdMap(COMMON, 1001);
    expect(toOutside(map, 1001)).toBe(0);
    expect(toOutside(map, 0)).toBe(1001);
    for (const id of [1, 33, 999, 1000, 1002, 65535, 65536]) expect(toOutside(map, id)).toBe(id);
    expect(toOutside(map, 65537)).toBeUndefined();
  });

  it('takes the last id for root where there is none of that number', () => {
    const map = keepIdMap(COMMON, 200000);
    expect(toOutside(map, 200000)).toBe(0);
    expect(toOutside(map, 0)).toBe(65536);
    expect(toOutside(map, 65535)).toBe(65535);
    expect(toOutside(map, 65536)).toBeUndefined();
  });

  it('has one id when there is one', () => {
    expect(keepIdMap([{ inside: 0, outside: 1001, count: 1 }], 1001)).toEqual([
      { inside: 1001, outside: 0, count: 1 },
    ]);
  });

  it.each([0, 1, 2, 65535, 65536, 65537])(
    'maps each id once, and across no extent of the common map: %i',
    (kept) => {
      const map = keepIdMap(COMMON, kept);
      expect(toOutside(map, kept)).toBe(0);
      expect(toInside(map, 0)).toBe(kept);
      const total = map.reduce((sum, { count }) => sum + count, 0);
      expect(total).toBe(65537);
      for (const { outside, count } of map) expect(outside === 0 ? count : 1).toBe(1);
    },
  );
});
