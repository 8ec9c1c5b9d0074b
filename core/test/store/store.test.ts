import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { forgetInNetworks } from '../../src/store/driver-state.ts';
import { dropDeadLeases, Lease } from '../../src/store/lease.ts';
import { ensurePrivateDirectory } from '../../src/store/private-directory.ts';
import { demandReserve } from '../../src/store/reserve.ts';
import type { Schema } from '../../src/store/schema.ts';
import { openStore } from '../../src/store/store.ts';
import { collectTemporary } from '../../src/store/temporary.ts';

const directory = mkdtempSync(join(tmpdir(), 'wherry-store-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const uid = process.geteuid?.() ?? 0;
let count = 0;
const freshRoot = () => {
  count += 1;
  return join(directory, `root${count}`);
};
const open = (root: string, schemas: readonly Schema[] = []) => openStore({ root, env: {}, uid }, schemas);
const things: Schema = { concern: 'thing', steps: ['CREATE TABLE thing (name TEXT PRIMARY KEY) STRICT'] };

describe('the state directory', () => {
  it('is refused by name when its path is longer than the database can bear', () => {
    const root = join(freshRoot(), ...Array.from({ length: 5 }, () => 'l'.repeat(90)));
    expect(() => open(root)).toThrow(
      expect.objectContaining({
        code: 'E_STATE_DIRECTORY',
        message: expect.stringMatching(/too long: \d+ bytes/),
      }),
    );
  });

  it('is refused by name when nothing can be made there, without the words of Node.js', () => {
    const file = join(directory, 'file');
    writeFileSync(file, '');
    expect(() => open(join(file, 'below'))).toThrow(
      expect.objectContaining({
        code: 'E_STATE_DIRECTORY',
        message: expect.stringContaining('not a directory'),
      }),
    );
  });
});

describe('the database', () => {
  it('may be closed twice, and then says so', () => {
    const { database } = open(freshRoot(), [things]);
    database.close();
    database.close();
    expect(() => database.get('SELECT 1')).toThrow(expect.objectContaining({ code: 'E_CLOSED' }));
  });

  it('is made at first use, and used again', () => {
    const root = freshRoot();
    const first = open(root, [things]);
    first.database.run('INSERT INTO thing VALUES (?)', 'kept');
    first.database.close();
    const again = open(root, [things]);
    expect(again.database.all('SELECT name FROM thing')).toEqual([{ name: 'kept' }]);
    expect(readdirSync(root).sort()).toEqual(
      ['containers', 'drivers', 'images', 'reserve', 'storage', 'tmp', 'volumes', 'wherry.db']
        .concat(existsSync(join(root, 'wherry.db-wal')) ? ['wherry.db-shm', 'wherry.db-wal'] : [])
        .sort(),
    );
    expect(statSync(join(root, 'wherry.db')).mode & 0o777).toBe(0o600);
    again.database.close();
  });

  it('gains the tables of a later version, once, and refuses those of a version to come', () => {
    const root = freshRoot();
    open(root, [things]).database.close();
    const later = {
      ...things,
      steps: [...things.steps, "INSERT INTO thing VALUES ('from the second step')"],
    };
    open(root, [later]).database.close();
    const { database } = open(root, [later]);
    expect(database.all('SELECT * FROM thing')).toHaveLength(1);
    database.close();
    expect(() => open(root, [things])).toThrow(expect.objectContaining({ code: 'E_STATE_NEWER' }));
  });

  it('has a reserve, which a full disk gets before a command fails', () => {
    const root = freshRoot();
    const { database } = open(root, [things]);
    const reserve = join(root, 'reserve');
    expect(statSync(reserve).size).toBe(1024 * 1024);
    const { page_count } = database.get<{ page_count: number }>('PRAGMA page_count') ?? { page_count: 0 };
    database.exec(`PRAGMA max_page_count = ${page_count}`);
    const fill = () =>
      database.transaction(() => {
        database.run('INSERT INTO thing VALUES (?)', 'x'.repeat(1_000_000));
      });
    // Two attempts, of which the first gives it up.
    expect(fill).toThrow(expect.objectContaining({ code: 'E_NO_SPACE' }));
    expect(existsSync(reserve)).toBe(false);
    expect(fill).toThrow(expect.objectContaining({ code: 'E_NO_SPACE' }));
    database.close();
    demandReserve(root);
    expect(existsSync(reserve)).toBe(true);
  });

  it('that is damaged is named, with what to do', () => {
    const root = freshRoot();
    open(root).database.close();
    writeFileSync(
      join(root, 'wherry.db'),
      'this is no database, and long enough to be looked at '.repeat(40),
    );
    expect(() => open(root)).toThrow(
      expect.objectContaining({ code: 'E_STATE_CORRUPT', message: expect.stringContaining('is damaged') }),
    );
  });

  it('takes a rehearsal back, and what fails in one', () => {
    const { database } = open(freshRoot(), [things]);
    const count = () => database.get<{ count: number }>('SELECT count(*) AS count FROM thing')?.count;
    const add = (name: string) => database.run('INSERT INTO thing VALUES (?)', name);
    add('a');
    expect(database.rehearse(() => [add('b').changes, count()])).toEqual([1, 2]);
    expect(count()).toBe(1);
    const failing = () => {
      add('c');
      throw new Error('no');
    };
    expect(() => database.rehearse(failing)).toThrow('no');
    expect(count()).toBe(1);
  });

  it('takes all of a transaction or nothing, inner ones too', () => {
    const { database } = open(freshRoot(), [things]);
    const insert = (name: string) => database.run('INSERT INTO thing VALUES (?)', name);
    expect(() =>
      database.transaction(() => {
        insert('a');
        throw new Error('no');
      }),
    ).toThrow('no');
    database.transaction(() => {
      insert('b');
      expect(() =>
        database.transaction(() => {
          insert('c');
          insert('b');
        }),
      ).toThrow(/UNIQUE/);
      insert('d');
    });
    expect(database.all('SELECT name FROM thing')).toEqual([{ name: 'b' }, { name: 'd' }]);
    database.close();
  });

  it('is made once by several first commands at the same time', async () => {
    const root = freshRoot();
    const store = new URL('../../src/store/store.ts', import.meta.url).pathname;
    const script = `import { openStore } from '${store}';
      const store = openStore({ root: '${root}', env: {}, uid: ${uid} }, []);
      store.database.transaction(() => store.driverState('storage', 'x').apply(new Map([[String(process.pid), '1']])));`;
    const children = Array.from({ length: 4 }, () =>
      spawn(process.execPath, ['--input-type=module-typescript', '-e', script], { stdio: 'inherit' }),
    );
    const statuses = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0]));
    expect(statuses).toEqual([0, 0, 0, 0]);
    const { driverState, paths } = open(root);
    expect(driverState('storage', 'x').list('')).toHaveLength(4);
    expect(readdirSync(paths.temporary)).toEqual([]);
  });
});

describe('a driver’s state', () => {
  it('is its own, and lists keys by their beginning', () => {
    const { driverState } = open(freshRoot());
    const state = driverState('storage', 'overlay');
    state.apply(
      new Map([
        ['a/1', 'one'],
        ['a/2', 'two'],
        ['a%', 'x'],
        ['b', 'y'],
      ]),
    );
    state.apply(
      new Map<string, string | undefined>([
        ['a/1', undefined],
        ['a/2', 'zwei'],
      ]),
    );
    expect(state.list('a')).toEqual(['a%', 'a/2']);
    expect(state.get('a/2')).toBe('zwei');
    expect(state.get('a/1')).toBeUndefined();
    expect(driverState('log', 'overlay').list('')).toEqual([]);
  });

  it('of a network driver has nothing left of what was removed', () => {
    const store = open(freshRoot());
    const [gone, kept] = ['a', 'b'].map((digit) => `attached/net/${digit.repeat(64)}/eth0`);
    const both = new Map([gone, kept].map((key) => [key ?? '', 'x']));
    for (const [kind, name] of [
      ['network', 'bridge'],
      ['network', 'another'],
      ['storage', 'overlay'],
    ] as const) {
      store.driverState(kind, name).apply(both);
    }
    forgetInNetworks(store.database, 'a'.repeat(64));
    expect(store.driverState('network', 'bridge').list('')).toEqual([kept]);
    expect(store.driverState('network', 'another').list('')).toEqual([kept]);
    expect(store.driverState('storage', 'overlay').list('')).toHaveLength(2);
  });
});

describe('what a dead process leaves', () => {
  /** A process that does something with a store and is then killed. */
  const killed = async (root: string, work: string) => {
    const source = new URL('../../src/store/', import.meta.url).pathname;
    const script = `import { openStore } from '${source}store.ts';
      import { Lease } from '${source}lease.ts';
      import { writeFileSync } from 'node:fs';
      const store = openStore({ root: '${root}', env: {}, uid: ${uid} }, []);
      ${work}
      console.log('ready'); setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    return async () => {
      child.kill('SIGKILL');
      await once(child, 'exit');
    };
  };

  it('are files that go as soon as it is dead, and not before', async () => {
    const root = freshRoot();
    const { paths, temporary } = open(root);
    const end = await killed(root, "writeFileSync(store.temporary.path(), 'half');");
    writeFileSync(temporary.path(), 'mine');
    collectTemporary(paths.temporary);
    expect(readdirSync(paths.temporary)).toHaveLength(2);
    await end();
    collectTemporary(paths.temporary);
    expect(readdirSync(paths.temporary)).toHaveLength(1);
    temporary.clear();
    expect(readdirSync(paths.temporary)).toEqual([]);
  });

  it('are leases and claims that others then take over', async () => {
    const root = freshRoot();
    const { database } = open(root);
    const end = await killed(
      root,
      "const lease = new Lease(store.database); lease.hold('blob', ['x']); lease.claim('layer', 'l');",
    );
    using mine = new Lease(database);
    expect(mine.claim('layer', 'l')).toBe(false);
    expect(mine.claim('layer', 'other')).toBe(true);
    dropDeadLeases(database);
    expect(database.all('SELECT name FROM lease_item')).toEqual([{ name: 'x' }]);
    await end();
    expect(mine.claim('layer', 'l')).toBe(true);
    dropDeadLeases(database);
    expect(database.all('SELECT name FROM lease_item')).toEqual([]);
  });
});

describe('directories', () => {
  it('of others, links and open ones are refused', () => {
    const open = join(directory, 'open');
    mkdirSync(open);
    chmodSync(open, 0o777);
    const link = join(directory, 'link');
    symlinkSync(open, link);
    const code = 'E_UNSAFE_DIRECTORY';
    expect(() => ensurePrivateDirectory(open, uid)).toThrow(expect.objectContaining({ code }));
    expect(() => ensurePrivateDirectory(link, uid)).toThrow(expect.objectContaining({ code }));
    expect(() => ensurePrivateDirectory(join(directory, 'fresh'), uid + 1)).toThrow(
      expect.objectContaining({ code }),
    );
    // A recursive mkdir of Node.js would not come back from there.
    expect(() => ensurePrivateDirectory('/proc/nothing/below/it', uid)).toThrow(
      expect.objectContaining({ code: 'E_STATE_DIRECTORY' }),
    );
  });

  it('of the run time go by the state directory', () => {
    const runtime = (root: string) =>
      openStore({ root, env: { XDG_RUNTIME_DIR: directory }, uid: uid === 0 ? 0 : uid }, []).paths.runtime();
    const [one, two] = [freshRoot(), freshRoot()];
    expect(runtime(one)).toBe(runtime(one));
    expect(runtime(one)).not.toBe(runtime(two));
    expect(statSync(runtime(one)).mode & 0o022).toBe(0);
    for (const root of [one, two]) rmSync(runtime(root), { recursive: true });
  });
});
