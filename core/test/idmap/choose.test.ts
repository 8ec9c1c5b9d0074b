import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { chooseIdmap, type IdmapFacts } from '../../src/idmap/choose.ts';
import { isFullMap, parseIdMap, splitByParent, toInside, toOutside } from '../../src/idmap/extent.ts';
import { chooseHelper } from '../../src/idmap/helper.ts';
import { readIdmapFacts } from '../../src/idmap/read-facts.ts';
import { parseSubid } from '../../src/idmap/subid.ts';

const FULL = parseIdMap('         0          0 4294967295\n');
const facts = (changes: Partial<IdmapFacts> = {}): IdmapFacts => ({
  uid: 1000,
  gid: 1001,
  name: 'ann',
  subuid: parseSubid('ann:100000:65536\n', '/etc/subuid'),
  subgid: parseSubid('ann:200000:65536\n', '/etc/subgid'),
  newuidmap: { usable: true, path: '/usr/bin/newuidmap' },
  newgidmap: { usable: true, path: '/usr/bin/newgidmap' },
  parentUids: FULL,
  parentGids: FULL,
  usedUids: [0, 1000],
  usedGids: [0, 1001],
  ...changes,
});
const own = (outside: number) => ({ inside: 0, outside, count: 1 });

describe('extents', () => {
  const map = [own(1000), { inside: 1, outside: 100000, count: 10 }];
  test('map either way', () => {
    expect([0, 1, 10, 11].map((id) => toOutside(map, id))).toEqual([1000, 100000, 100009, undefined]);
    expect([1000, 100000, 100009, 100010, 0].map((id) => toInside(map, id))).toEqual([
      0,
      1,
      10,
      undefined,
      undefined,
    ]);
  });
  test('know the first namespace', () => {
    expect(isFullMap(FULL)).toBe(true);
    expect(isFullMap(parseIdMap('0 1000 1\n1 100000 65536\n'))).toBe(false);
    expect(isFullMap([])).toBe(false);
  });
  test('are cut at the parent’s', () => {
    const parent = parseIdMap('0 1000 1\n1 100000 65536');
    expect(splitByParent([{ inside: 0, outside: 0, count: 100000 }], parent)).toEqual([
      { inside: 0, outside: 0, count: 1 },
      { inside: 1, outside: 1, count: 65536 },
    ]);
  });
});

describe('/etc/subuid', () => {
  test('bad lines are reported by number and don’t stop the good', () => {
    const file = parseSubid(
      '# a\n\nann:1:2\nbob:x:3\nbob:1\n:5:6\nbob:4294967290:100\nbob:7:0\nbob:1:2:3\n1000:9:9',
      'F',
    );
    expect(file.ranges).toEqual([
      { owner: 'ann', start: 1, count: 2 },
      { owner: '1000', start: 9, count: 9 },
    ]);
    expect(file.problems.map((problem) => /Line (\d+) of F/.exec(problem)?.[1])).toEqual([
      '4',
      '5',
      '6',
      '7',
      '8',
      '9',
    ]);
  });
});

describe('the choice', () => {
  test('a range by name: root is the user, the rest is the range', () => {
    expect(chooseIdmap(facts())).toEqual({
      mode: 'range',
      uids: [own(1000), { inside: 1, outside: 100000, count: 65536 }],
      gids: [own(1001), { inside: 1, outside: 200000, count: 65536 }],
      helpers: { newuidmap: '/usr/bin/newuidmap', newgidmap: '/usr/bin/newgidmap' },
    });
  });

  test('several ranges, by number too, follow each other; overlapping ones are left out', () => {
    const subuid = parseSubid(
      '1000:100000:10\nbob:5:5\nann:300000:5\nann:100005:10\nann:995:10',
      '/etc/subuid',
    );
    expect(chooseIdmap(facts({ subuid })).uids).toEqual([
      own(1000),
      { inside: 1, outside: 100000, count: 10 },
      { inside: 11, outside: 300000, count: 5 },
    ]);
  });

  test.each([
    ['no range', { subuid: parseSubid('', '/etc/subuid') }, '/etc/subuid has no usable range for ann'],
    ['a bad line', { subgid: parseSubid('ann:x:1', '/etc/subgid') }, 'Line 1 of /etc/subgid'],
    [
      'no helper',
      { newuidmap: { usable: false, reason: 'newuidmap isn’t installed' } },
      'newuidmap isn’t installed',
    ],
  ] as [string, Partial<IdmapFacts>, string][])(
    '%s: the single id, with the reason',
    (_what, changes, reason) => {
      expect(chooseIdmap(facts(changes))).toMatchObject({
        mode: 'single-id',
        uids: [own(1000)],
        gids: [own(1001)],
        reason: expect.stringContaining(reason),
      });
    },
  );

  test('inside another user namespace only its ids count, cut at its extents', () => {
    const parentUids = parseIdMap('0 1000 1001\n1001 100000 100000\n150000 900000 10');
    const choice = chooseIdmap(facts({ parentUids }));
    expect(choice.uids).toEqual([
      own(1000),
      { inside: 1, outside: 100000, count: 1001 },
      { inside: 1002, outside: 150000, count: 10 },
    ]);
    expect(chooseIdmap(facts({ parentUids: parseIdMap('0 1000 1') })).mode).toBe('single-id');
  });

  test('root gets a block that belongs to nobody, the same one each time', () => {
    const root = { uid: 0, gid: 0, name: 'root' };
    const first = chooseIdmap(facts(root));
    expect(first).toEqual(chooseIdmap(facts(root)));
    expect(first).toMatchObject({
      mode: 'root-range',
      uids: [{ inside: 0, outside: 0x77800000, count: 65536 }],
    });
    const taken = facts({
      ...root,
      subgid: parseSubid(`x:${0x77800000 + 65535}:1`, '/etc/subgid'),
      usedUids: [0x77810000 + 5],
    });
    expect(chooseIdmap(taken).uids[0]?.outside).toBe(0x77820000);
  });

  test('root of a user namespace is a user like others', () => {
    const nested = {
      uid: 0,
      gid: 0,
      name: 'root',
      parentUids: parseIdMap('0 1000 1'),
      parentGids: parseIdMap('0 1000 1'),
    };
    expect(chooseIdmap(facts(nested))).toMatchObject({ mode: 'single-id', uids: [own(0)] });
  });
});

describe('the helpers', () => {
  const at = (path: string, setuidRoot: boolean, executable = true) => ({ path, setuidRoot, executable });
  test('a set-user-ID one is preferred; else file capabilities are relied on', () => {
    const both = [at('/usr/bin/newuidmap', false), at('/usr/sbin/newuidmap', true)];
    expect(chooseHelper('newuidmap', both, undefined)).toEqual({ usable: true, path: '/usr/sbin/newuidmap' });
    expect(chooseHelper('newuidmap', both.slice(0, 1), undefined)).toEqual({
      usable: true,
      path: '/usr/bin/newuidmap',
    });
  });
  test('say why they can’t be used', () => {
    expect(chooseHelper('newgidmap', [], undefined)).toMatchObject({ reason: 'newgidmap isn’t installed' });
    expect(chooseHelper('newgidmap', [at('/bin/newgidmap', true, false)], undefined)).toMatchObject({
      reason: '/bin/newgidmap can’t be executed',
    });
    expect(chooseHelper('newgidmap', [at('/bin/newgidmap', true)], 'no_new_privs is set')).toMatchObject({
      reason: expect.stringContaining('no_new_privs'),
    });
  });
});

describe('reading the facts', () => {
  let root = '';
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'idmap-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  test('from a machine with everything', () => {
    write('etc/subuid', 'ann:100000:65536\n');
    write('etc/subgid', '1000:100000:65536\n');
    write('etc/passwd', 'root:x:0:0:root:/root:/bin/sh\nann:x:1000:1001::/:/bin/sh\n');
    write('proc/self/uid_map', '0 0 4294967295\n');
    write('proc/self/gid_map', '0 0 4294967295\n');
    for (const name of ['newuidmap', 'newgidmap']) {
      write(`usr/local/bin/${name}`, '');
      chmodSync(join(root, `usr/local/bin/${name}`), 0o755);
    }
    const read = readIdmapFacts({ uid: 1000, gid: 1001, name: 'ann' }, root);
    expect(read.usedUids).toEqual([]);
    expect(readIdmapFacts({ uid: 0, gid: 0, name: 'root' }, root).usedUids).toEqual([0, 1000]);
    expect(chooseIdmap(read)).toMatchObject({
      mode: 'range',
      helpers: { newuidmap: '/usr/local/bin/newuidmap' },
    });
  });

  test('from a machine with nothing', () => {
    expect(chooseIdmap(readIdmapFacts({ uid: 5, gid: 6 }, root))).toMatchObject({
      mode: 'single-id',
      uids: [own(5)],
      gids: [own(6)],
    });
  });
});
