import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CONTAINER_SCHEMA } from '../../src/container/schema.ts';
import { ContainerTable } from '../../src/container/table.ts';
import { EVENT_SCHEMA } from '../../src/event/schema.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import type { Mount } from '../../src/volume/mount.ts';
import { VOLUME_SCHEMA } from '../../src/volume/schema.ts';
import { ANONYMOUS_LABEL, VolumeStore } from '../../src/volume/volumes.ts';
import { row, SPEC } from '../container/state.ts';

const NONE = { labels: {}, options: {} };

let directory: string;
let store: Store;
let volumes: VolumeStore;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'wherry-volumes-'));
  store = open();
  volumes = volumesOf(store);
});
afterEach(() => {
  store.database.close();
  rmSync(directory, { recursive: true });
});

const open = () =>
  openStore({ root: join(directory, 'root'), env: {}, uid: process.getuid?.() ?? 0 }, [
    CONTAINER_SCHEMA,
    VOLUME_SCHEMA,
    EVENT_SCHEMA,
  ]);

function volumesOf(opened: Store): VolumeStore {
  return new VolumeStore({
    store: opened,
    mappedRoot: () => undefined,
    withWorker: () => Promise.reject(new Error('no worker is needed for files of the user')),
  });
}

function container(id: string, mounts: readonly Mount[]): void {
  new ContainerTable(store.database).insert(row({ id, name: `c-${id}` }), { ...SPEC, mounts } as never, '[]');
}

function mountOf(name: string, anonymous = false): Mount {
  return {
    kind: 'volume',
    name,
    anonymous,
    target: `/${name}`,
    readOnly: false,
    copyUp: true,
    chown: false,
    mode: 'z',
  };
}

describe('create', () => {
  it('makes a directory that others inside may enter, in one that nobody else may', () => {
    const { created } = volumes.create({ name: 'data', ...NONE });
    expect(created).toMatch(/^\d{4}-\d\d-\d\dT/);
    expect(statSync(store.paths.volume('data')).mode & 0o777).toBe(0o755);
    expect(statSync(join(store.paths.volumes, 'data')).mode & 0o777).toBe(0o700);
  });

  it('answers with the volume that is there, and keeps its data', () => {
    const first = volumes.create({ name: 'data', labels: { a: '1' }, options: {} });
    writeFileSync(join(store.paths.volume('data'), 'file'), 'x');
    expect(volumes.create({ name: 'data', ...NONE })).toEqual(first);
    expect(existsSync(join(store.paths.volume('data'), 'file'))).toBe(true);
  });

  it('gives a name to one that has none, and marks it', () => {
    const volume = volumes.create(NONE);
    expect(volume.name).toMatch(/^[0-9a-f]{64}$/);
    expect(volume).toMatchObject({ anonymous: true, labels: { [ANONYMOUS_LABEL]: '' } });
  });

  it.each([
    [{ name: 'a/b', ...NONE }, 'E_VOLUME_NAME'],
    [{ name: '', ...NONE }, 'E_VOLUME_NAME'],
    [{ name: 'data', labels: {}, options: { type: 'nfs', device: 'x' } }, 'E_VOLUME_OPTION'],
  ])('refuses %j and creates nothing', (request, code) => {
    expect(() => volumes.create(request)).toThrow(expect.objectContaining({ code, exitCode: 1 }));
    expect(volumes.table.all()).toEqual([]);
    expect(readdirSync(store.paths.volumes)).toEqual([]);
  });

  it('refuses other options under the same name', () => {
    volumes.create({ name: 'data', ...NONE });
    const options = { type: 'tmpfs', device: 'tmpfs' };
    expect(() => volumes.create({ name: 'data', labels: {}, options })).toThrow(
      expect.objectContaining({ code: 'E_VOLUME_CONFLICT', exitCode: 1 }),
    );
  });

  it('shows no files that a removed volume of the same name may have left', () => {
    volumes.create({ name: 'data', ...NONE });
    writeFileSync(join(store.paths.volume('data'), 'old'), 'x');
    volumes.table.delete('data');
    volumes.create({ name: 'data', ...NONE });
    expect(readdirSync(store.paths.volume('data'))).toEqual([]);
  });
});

describe('remove', () => {
  it('removes row and files', async () => {
    volumes.create({ name: 'data', ...NONE });
    writeFileSync(join(store.paths.volume('data'), 'file'), 'x');
    await volumes.remove('data');
    expect(() => volumes.find('data')).toThrow('get data: no such volume');
    expect(readdirSync(store.paths.volumes)).toEqual([]);
  });

  it('refuses while a container of any state uses it, and names it', async () => {
    volumes.create({ name: 'data', ...NONE });
    container('a'.repeat(64), [mountOf('data')]);
    await expect(volumes.remove('data')).rejects.toThrow(
      `remove data: volume is in use - [c-${'a'.repeat(64)} (${'a'.repeat(12)})]`,
    );
    expect(existsSync(store.paths.volume('data'))).toBe(true);
  });

  it('says that there is none', async () => {
    await expect(volumes.remove('gone')).rejects.toMatchObject({ code: 'E_VOLUME_NOT_FOUND', exitCode: 1 });
  });
});

describe('what is unused', () => {
  beforeEach(() => {
    for (const name of ['used', 'free']) volumes.create({ name, ...NONE });
    volumes.ensure([{ name: 'anon', anonymous: true, ...NONE }]);
    container('b'.repeat(64), [mountOf('used'), mountOf('anon', true)]);
  });

  it('is what is pruned, as far as it is wanted', async () => {
    const measured = { allocated: 4096, apparent: 0, inodes: 1 };
    const pruning = new VolumeStore({
      store,
      mappedRoot: () => undefined,
      withWorker: (work) => work({ usage: () => Promise.resolve(measured) } as never),
    });
    expect(await pruning.prune(({ anonymous }) => anonymous)).toEqual({ names: [], reclaimed: 0 });
    expect(await pruning.prune(() => true)).toEqual({ names: ['free'], reclaimed: 4096 });
    expect(readdirSync(store.paths.volumes).sort()).toEqual(['anon', 'used']);
  });

  it('goes with the last container that uses it', async () => {
    container('c'.repeat(64), [mountOf('anon', true)]);
    const drop = (id: string) =>
      store.database.transaction(() => {
        const names = volumes.table.anonymousOf(id.repeat(64));
        new ContainerTable(store.database).delete(id.repeat(64));
        return volumes.dropUnused(names);
      });
    expect(drop('b')).toEqual([]);
    expect(existsSync(store.paths.volume('anon'))).toBe(true);
    await volumes.removeTrees(drop('c'));
    expect(readdirSync(store.paths.volumes).sort()).toEqual(['free', 'used']);
  });
});

it('keeps row and files together when the transaction fails', () => {
  volumes.create({ name: 'data', ...NONE });
  const failing = () =>
    store.database.transaction(() => {
      volumes.ensure([{ name: 'other', anonymous: false, ...NONE }]);
      throw new Error('the container could not be written');
    });
  expect(failing).toThrow('could not be written');
  expect(volumes.table.all().map(({ name }) => name)).toEqual(['data']);
  // The directory without a row is taken for nothing the next time.
  volumes.create({ name: 'other', ...NONE });
  expect(volumes.table.all().map(({ name }) => name)).toEqual(['data', 'other']);
});
