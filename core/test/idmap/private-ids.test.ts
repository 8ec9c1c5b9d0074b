import { describe, expect, it } from 'vitest';
import type { Extent } from '../../src/idmap/extent.ts';
import { chooseRange, heldBy, requireSubordinateIds, withoutUser } from '../../src/idmap/private-ids.ts';
import { parseUserns } from '../../src/idmap/userns.ts';

/** Two lines in /etc/subuid. */
const COMMON = [
  { inside: 0, outside: 1001, count: 1 },
  { inside: 1, outside: 100000, count: 3000 },
  { inside: 3001, outside: 500000, count: 3000 },
];

function choose(text: string, size: number, taken: readonly (readonly Extent[])[] = []) {
  const userns = parseUserns(text, { uid: 1001, gid: 1001 });
  if (userns.kind !== 'auto') throw new Error(text);
  const pool = { common: COMMON, taken: taken.flatMap(heldBy) };
  return chooseRange(userns, size, { uids: pool, gids: pool }).uids;
}

describe('chooseRange', () => {
  it('gives the lowest ids that are free, and never the user', () => {
    expect(choose('auto', 1024)).toEqual([{ inside: 0, outside: 1, count: 1024 }]);
    expect(choose('auto', 1024, [choose('auto', 1024)])).toEqual([{ inside: 0, outside: 1025, count: 1024 }]);
  });

  it('cuts where a line of /etc/subuid ends, as the kernel wants it', () => {
    expect(choose('auto', 2000, [choose('auto', 2500)])).toEqual([
      { inside: 0, outside: 2501, count: 500 },
      { inside: 500, outside: 3001, count: 1500 },
    ]);
  });

  it('never gives two containers the same id, whatever comes and goes', () => {
    const held: (readonly Extent[])[] = [];
    let seed = 7;
    for (let round = 0; round < 300; round += 1) {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      if (seed % 3 === 0 && held.length > 0) {
        held.splice(seed % held.length, 1);
        continue;
      }
      try {
        held.push(choose('auto', 1 + (seed % 1500), held));
      } catch (error) {
        expect(error).toMatchObject({ code: 'E_USERNS' });
        held.shift();
      }
      const ids = held.flatMap(heldBy).toSorted((one, other) => one.start - other.start);
      for (const [i, { start, count }] of ids.entries()) {
        expect(start).toBeGreaterThan(0);
        expect(start + count).toBeLessThanOrEqual(ids[i + 1]?.start ?? 6001);
      }
    }
  });

  it('takes pieces where no one is large enough', () => {
    const whole = choose('auto', 6000);
    const [first, second] = [1, 3001].map((outside) => [{ inside: 0, outside: outside + 100, count: 2900 }]);
    expect(whole).toHaveLength(2);
    expect(choose('auto', 200, [first ?? [], second ?? []])).toEqual([
      { inside: 0, outside: 1, count: 100 },
      { inside: 100, outside: 3001, count: 100 },
    ]);
  });

  it('says how many are free when there are too few', () => {
    expect(() => choose('auto', 6001)).toThrow('needs 6001 user ids for this container, and 6000 of yours');
    expect(() => choose('auto', 5000, [choose('auto', 1024)])).toThrow('4976 of yours are free');
  });

  it('has the mappings that were asked for, and the rest around them', () => {
    expect(choose('auto:uidmapping=10:0:1', 20)).toEqual([
      { inside: 0, outside: 1, count: 10 },
      { inside: 10, outside: 0, count: 1 },
      { inside: 11, outside: 11, count: 9 },
    ]);
    expect(choose('auto:uidmapping=5000:@500007:2', 3)).toEqual([
      { inside: 0, outside: 1, count: 3 },
      { inside: 5000, outside: 3008, count: 2 },
    ]);
    expect(() => choose('auto:uidmapping=0:@5:1', 3)).toThrow('not all of these ids are yours');
    expect(() => choose('auto:uidmapping=0:6000:2', 3)).toThrow('not all of these ids are yours');
  });
});

it('leaves nothing but subordinate ids without the user', () => {
  expect(withoutUser({ uids: COMMON, gids: COMMON.slice(0, 2) })).toEqual({
    kind: 'nomap',
    uids: [
      { inside: 0, outside: 1, count: 3000 },
      { inside: 3000, outside: 3001, count: 3000 },
    ],
    gids: [{ inside: 0, outside: 1, count: 3000 }],
  });
});

it('tells who has no subordinate ids what the administrator can do', () => {
  const alone = [{ inside: 0, outside: 1001, count: 1 }];
  const choice = { mode: 'single-id', uids: alone, gids: alone, reason: '/etc/subuid has none' } as const;
  expect(() => requireSubordinateIds('auto', choice, 'ann')).toThrow(
    expect.objectContaining({
      message: expect.stringContaining('/etc/subuid has none'),
      hint: expect.stringContaining('usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ann'),
    }),
  );
});
