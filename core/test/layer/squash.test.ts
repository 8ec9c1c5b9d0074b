import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { OwnersFile, readOwners } from '../../src/layer/owners.ts';
import { keepXattrs, type OwnerRecord, squash } from '../../src/layer/squash.ts';
import type { TarEntry } from '../../src/layer/tar-entry.ts';

const single = {
  uids: [{ inside: 0, outside: 1000, count: 1 }],
  gids: [{ inside: 0, outside: 1000, count: 1 }],
};
const range = { inside: 0, outside: 100_000, count: 65_536 };
const file: TarEntry = {
  type: 'file',
  name: 'x',
  linkname: '',
  mode: 0o6755,
  uid: 0,
  gid: 0,
  mtime: { seconds: 0, nanoseconds: 0 },
  size: 0,
  device: [0, 0],
  xattrs: undefined,
};

it('keeps owners that exist inside', () => {
  const entry = { ...file, uid: 65_535, gid: 33 };
  expect(squash(entry, 'x', { uids: [range], gids: [range] })).toEqual({
    uid: 65_535,
    gid: 33,
    mode: 0o6755,
    record: undefined,
  });
});

it('records others, whose set-id bit must not become root’s', () => {
  expect(squash({ ...file, uid: 5, gid: 0 }, 'x', single)).toEqual({
    uid: 0,
    gid: 0,
    mode: 0o2755,
    record: { path: 'x', uid: 5, gid: 0, mode: 0o6755 },
  });
  expect(squash({ ...file, gid: 65_536 }, 'x', { uids: [range], gids: [range] })).toMatchObject({
    gid: 0,
    mode: 0o4755,
  });
  expect(squash({ ...file, type: 'directory', gid: 8, mode: 0o2775 }, 'x', single).mode).toBe(0o2775);
});

it('records devices, which no user namespace makes', () => {
  expect(squash({ ...file, type: 'char', device: [1, 3], mode: 0o666 }, 'null', single).record).toEqual({
    path: 'null',
    uid: 0,
    gid: 0,
    mode: 0o666,
    device: ['char', 1, 3],
  });
});

it('keeps the attributes that mean the same inside', () => {
  const value = Buffer.from('v');
  const names = [
    'user.a',
    'user.overlay.opaque',
    'security.capability',
    'security.selinux',
    'trusted.x',
    'system.posix_acl_default',
  ];
  const xattrs = new Map(names.map((name) => [name, value]));
  expect([...(keepXattrs(xattrs, 'file').kept?.keys() ?? [])]).toEqual(['user.a', 'security.capability']);
  expect([...(keepXattrs(xattrs, 'directory').kept?.keys() ?? [])]).toEqual([
    'user.a',
    'system.posix_acl_default',
  ]);
  expect(keepXattrs(xattrs, 'symlink').dropped).toHaveLength(names.length);
});

it('keeps records in a file beside the tree', async () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'wherry-owners-'));
  const records: OwnerRecord[] = [
    { path: 'plain', uid: 1, gid: 2, mode: 0o755 },
    { path: 'caf\xe9', uid: 1, gid: 2, mode: 0o644 },
    { path: Buffer.from('漢').toString('latin1'), uid: 0, gid: 0, mode: 0o666, device: ['block', 7, 0] },
  ];
  try {
    const none = new OwnersFile(path.join(directory, 'none'));
    await none.end();
    expect((await readOwners(path.join(directory, 'none'))).size).toBe(0);
    const owners = new OwnersFile(path.join(directory, 'owners'));
    for (const record of records) owners.add(record);
    await owners.end();
    expect([...(await readOwners(path.join(directory, 'owners'))).values()]).toEqual(records);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

it('records of a layer below are taken back where a whole tree has something else, or nothing', async () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'wherry-owners-'));
  const [lower, upper] = [path.join(directory, 'lower'), path.join(directory, 'upper')];
  const foreign = (name: string) => ({ path: name, uid: 1, gid: 2, mode: 0o644 });
  try {
    const below = new OwnersFile(lower);
    const names = [
      'kept',
      'replaced',
      'deleted',
      'a/deleted',
      'a/b/c',
      'emptied',
      'emptied/x',
      'new/x',
      'linked',
    ];
    for (const name of names) below.add(foreign(name));
    await below.end();
    const owners = new OwnersFile(upper, (await readOwners(lower)).keys());
    owners.replace({ path: 'replaced', uid: 0, gid: 0, mode: 0o600 });
    owners.replace({ path: 'unknown', uid: 0, gid: 0, mode: 0o600 });
    owners.add({ ...foreign('new/x'), uid: 7 });
    owners.deleted('deleted');
    owners.deleted('a');
    owners.emptied('emptied');
    owners.emptied('new');
    owners.link('linked', 'unknown');
    owners.link('again', 'kept');
    await owners.end();
    const records = await readOwners(upper, await readOwners(lower));
    expect(Object.fromEntries([...records].map(([name, { uid }]) => [name, uid]))).toEqual({
      kept: 1,
      replaced: 0,
      emptied: 1,
      'new/x': 7,
      again: 1,
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
});
