import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { CONTAINER_SCHEMA } from '../../src/container/schema.ts';
import { LayerDurability } from '../../src/image/layer-durability.ts';
import { doubtLayersOfOtherIds } from '../../src/image/layer-ids.ts';
import { IMAGE_SCHEMA } from '../../src/image/schema.ts';
import { openStore, type Store } from '../../src/store/store.ts';

const single = [{ inside: 0, outside: 1000, count: 1 }];
const range = [...single, { inside: 1, outside: 100000, count: 65536 }];
const maps = (map: typeof single) => ({ uids: map, gids: map });

let root: string;
let store: Store;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'wherry-layer-ids-'));
  store = openStore({ root, env: {}, uid: process.geteuid?.() ?? 0 }, [IMAGE_SCHEMA, CONTAINER_SCHEMA]);
  store.database.run('INSERT INTO layer VALUES (?, ?, NULL, 0, NULL)', 'overlay', 'a');
});
afterEach(() => {
  store.database.close();
  rmSync(root, { recursive: true });
});
const doubtful = (): boolean => new LayerDurability(store).anyDoubtful();

it('doubts layers once a range has been granted', () => {
  doubtLayersOfOtherIds(store.database, maps(single));
  expect(doubtful()).toBe(false);
  doubtLayersOfOtherIds(store.database, maps(single));
  expect(doubtful()).toBe(false);
  doubtLayersOfOtherIds(store.database, maps(range));
  expect(doubtful()).toBe(true);
});

it('leaves them when their files belong to ids that are not the user’s any more', () => {
  doubtLayersOfOtherIds(store.database, maps(range));
  doubtLayersOfOtherIds(store.database, maps(single));
  expect(doubtful()).toBe(false);
});
