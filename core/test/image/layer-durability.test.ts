import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LayerDurability } from '../../src/image/layer-durability.ts';
import { IMAGE_SCHEMA } from '../../src/image/schema.ts';
import { openStore, type Store } from '../../src/store/store.ts';

const BEFORE = '11111111-0000-4000-8000-000000000000';
const NOW = '22222222-0000-4000-8000-000000000000';

let root: string;
let store: Store;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'wherry-durability-'));
  store = openStore({ root, env: {}, uid: process.geteuid?.() ?? 0 }, [IMAGE_SCHEMA]);
});
afterEach(() => {
  store.database[Symbol.dispose]();
  rmSync(root, { recursive: true });
});

const commit = (name: string, moment: string) =>
  store.database.run('INSERT INTO layer VALUES (?, ?, NULL, 0, ?)', 'overlay', name, moment);
const mark = (moment: string) => {
  mkdirSync(join(root, 'cache/synced'), { recursive: true });
  writeFileSync(join(root, 'cache/synced', moment), '');
};
const moment = (boot: string, ms: number) => `${boot}.${String(ms).padStart(15, '0')}`;
const unsynced = () =>
  store.database
    .all<{ chain_id: string }>('SELECT chain_id FROM layer WHERE unsynced IS NOT NULL ORDER BY chain_id')
    .map(({ chain_id }) => chain_id);

describe('LayerDurability', () => {
  it('doubts nothing of this boot, and all of another that has no mark', () => {
    const before = new LayerDurability(store, BEFORE);
    commit('a', before.now());
    expect(before.anyDoubtful()).toBe(false);
    const after = new LayerDurability(store, NOW);
    expect(after.anyDoubtful()).toBe(true);
    expect(after.isDoubtful(before.now())).toBe(true);
    expect(after.isDoubtful(after.now())).toBe(false);
    expect(after.isDoubtful(null)).toBe(false);
  });

  it('believes a mark for what was committed before it, in that boot alone', () => {
    commit('a', moment(BEFORE, 5));
    commit('b', moment(BEFORE, 10));
    commit('c', moment(BEFORE, 200));
    commit('d', moment('00000000-0000-4000-8000-000000000000', 1));
    mark(moment(BEFORE, 10));
    const after = new LayerDurability(store, NOW);
    expect(after.anyDoubtful()).toBe(true);
    expect(unsynced()).toEqual(['c', 'd']);
    expect(readdirSync(join(root, 'cache/synced'))).toEqual([]);
  });

  it('is sure again once a mark has come for all', () => {
    const durability = new LayerDurability(store, NOW);
    commit('a', durability.now());
    mark(durability.now());
    commit('b', moment(BEFORE, 7));
    mark(moment(BEFORE, 8));
    expect(durability.anyDoubtful()).toBe(false);
    expect(unsynced()).toEqual([]);
  });

  it('passes over files that are no marks', () => {
    commit('a', moment(BEFORE, 5));
    mark('note.txt');
    expect(new LayerDurability(store, NOW).anyDoubtful()).toBe(true);
    expect(readdirSync(join(root, 'cache/synced'))).toEqual(['note.txt']);
  });
});
