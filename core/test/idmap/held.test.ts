import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { processTable } from '../../src/container/facts.ts';
import type { IdmapChoice } from '../../src/idmap/choose.ts';
import { mapInForce, readHeldMap } from '../../src/idmap/held.ts';

const single = [{ inside: 0, outside: 1000, count: 1 }];
const range = [...single, { inside: 1, outside: 100000, count: 65536 }];
const chosenRange: IdmapChoice = {
  mode: 'range',
  uids: range,
  gids: range,
  helpers: { newuidmap: '/a/newuidmap', newgidmap: '/a/newgidmap' },
};
const chosenSingle: IdmapChoice = { mode: 'single-id', uids: single, gids: single, reason: 'no line' };

describe('the map in force', () => {
  test('is the chosen one when no namespace is held, or one with that map', () => {
    expect(mapInForce(chosenRange, undefined)).toBe(chosenRange);
    expect(mapInForce(chosenRange, { uids: range.toReversed(), gids: range })).toBe(chosenRange);
  });
  test('is the single id while a container runs with it, though there is a range by now', () => {
    expect(mapInForce(chosenRange, { uids: single, gids: single })).toMatchObject({
      mode: 'single-id',
      uids: single,
      reason: expect.stringContaining('stop all of them'),
    });
  });
  test('is the range while a container runs with it, though it was taken away', () => {
    expect(mapInForce(chosenSingle, { uids: range, gids: range })).toMatchObject({
      mode: 'range',
      uids: range,
    });
  });
});

describe('readHeldMap', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'wherry-held-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  test('reads the map of the process that the lock names', () => {
    const { pid } = process;
    writeFileSync(join(directory, 'holder.lock'), `${pid} ${processTable().startTime(pid)}\n`);
    const held = readHeldMap(directory);
    expect(held?.uids[0]?.inside).toBe(0);
    expect(held?.gids).toHaveLength(held?.uids.length ?? 0);
  });
  test('knows none without a lock, with an empty one, or one of a process that has gone', () => {
    expect(readHeldMap(directory)).toBeUndefined();
    writeFileSync(join(directory, 'holder.lock'), '');
    expect(readHeldMap(directory)).toBeUndefined();
    writeFileSync(join(directory, 'holder.lock'), `${process.pid} 1\n`);
    expect(readHeldMap(directory)).toBeUndefined();
  });
});
