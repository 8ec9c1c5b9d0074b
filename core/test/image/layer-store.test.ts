import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { CONTAINER_SCHEMA } from '../../src/container/schema.ts';
import { WherryError } from '../../src/errors/error.ts';
import { DriverLayerStore } from '../../src/image/layer-store.ts';
import { IMAGE_SCHEMA } from '../../src/image/schema.ts';
import { Lease } from '../../src/store/lease.ts';
import { openStore, type Store } from '../../src/store/store.ts';

type Context = ConstructorParameters<typeof DriverLayerStore>[0];
type Storage = ConstructorParameters<typeof DriverLayerStore>[1];

const LAYER = 'sha256:a';

let root: string;
let store: Store;
let layers: DriverLayerStore;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'wherry-layer-store-'));
  const env = { XDG_RUNTIME_DIR: root };
  store = openStore({ root: join(root, 'state'), env, uid: process.geteuid?.() ?? 0 }, [
    IMAGE_SCHEMA,
    CONTAINER_SCHEMA,
  ]);
  const ids = [{ inside: 0, outside: 1000, count: 1 }];
  const machine = { idmap: { kind: 'single', uids: ids, gids: ids } };
  // No file is touched here, so the worker on them has nothing to do.
  const context = { store, machine, launcher: () => '/bin/cat' } as unknown as Context;
  layers = new DriverLayerStore(context, books());
});
afterEach(() => {
  store.database.close();
  rmSync(root, { recursive: true });
});

const state = () => store.driverState('storage', 'books');
/** Which directory each name stands for. */
const held = () =>
  Object.fromEntries(
    state()
      .list('')
      .map((name) => [name, state().get(name)]),
  );
const rows = () =>
  store.database.all<{ chain_id: string }>('SELECT chain_id FROM layer').map(({ chain_id }) => chain_id);
/** A layer whose files are in the directory `key`. */
const unpacked = (key: string) => {
  state().apply(new Map([[key, key]]));
  // As the lease of the process that unpacks it does.
  new Lease(store.database).hold('snapshot', [key]);
  return { chainId: LAYER, parent: undefined, key, size: 1 };
};
const forget = () => store.database.run('DELETE FROM layer');

it('keeps a layer that was made anew before its removal had its turn', async () => {
  await layers.commit(unpacked('one'));
  expect(held()).toEqual({ [LAYER]: 'one' });
  forget();
  await layers.commit(unpacked('two'));
  await layers.remove([LAYER]);
  expect(held()).toEqual({ [LAYER]: 'two' });
  expect(rows()).toEqual([LAYER]);
  forget();
  await layers.remove([LAYER]);
  expect(held()).toEqual({});
});

it('has both, commit and removal, wait for the other one, and ends with a layer that is whole', async () => {
  await layers.commit(unpacked('one'));
  const busy = new Lease(store.database);
  expect(busy.claim('removal', 'books')).toBe(true);
  forget();
  const work = [layers.commit(unpacked('two')), layers.remove([LAYER])];
  busy.release();
  await Promise.all(work);
  expect(held()).toEqual({ [LAYER]: 'two' });
  expect(rows()).toEqual([LAYER]);
});

it('leaves out a layer that somebody else has brought meanwhile', async () => {
  await layers.commit(unpacked('one'));
  await layers.commit(unpacked('two'));
  expect(held()).toEqual({ [LAYER]: 'one' });
});

/** A storage driver that has nothing but its books: a name stands for a directory. */
function books(): Storage {
  const answer = (value: unknown, changes: [string, string | undefined][] = []) => ({
    value,
    changes: new Map(changes),
  });
  const driver = {
    info: { kind: 'storage', name: 'books', version: '1', summary: '', permissions: [], options: [] },
    parallel: () => answer(true),
    list: () =>
      answer(
        state()
          .list('')
          .map((name) => ({ name })),
      ),
    commitLayer: (key: string, name: string) => {
      if (state().get(name) !== undefined)
        throw new WherryError(`${name} is there`, { code: 'E_DRIVER_IN_USE', hint: 'Remove it.' });
      return answer(
        [],
        [
          [key, undefined],
          [name, state().get(key)],
        ],
      );
    },
    remove: (name: string) => answer([], [[name, undefined]]),
    cleanup: (known: readonly string[]) =>
      answer(
        [],
        state()
          .list('')
          .filter((name) => !known.includes(name))
          .map((name) => [name, undefined]),
      ),
  };
  return driver as unknown as Storage;
}
