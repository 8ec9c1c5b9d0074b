import { expect, it } from 'vitest';
import {
  commonIds,
  knownUser,
  ownerOperations,
  ownIdOperations,
  withOwnedRoot,
} from '../../src/container/own-ids.ts';

const keepId = { uid: 1001, gid: 1001 };
const files = { passwd: 'root:x:0:0:root:/root:/bin/sh\n', group: 'root:x:0:\nstaff:x:50:' };
const machine = {
  idmap: {
    mode: 'single-id',
    reason: 'a test',
    uids: [{ inside: 0, outside: 1001, count: 1 }],
    gids: [{ inside: 0, outside: 1001, count: 1 }],
  },
} as const;

it('leaves the files alone where there is nothing to add', () => {
  expect(knownUser(files, { workdir: '/' }, 'me')).toEqual({ files, operations: [] });
  const known = { passwd: `${files.passwd}node:x:1001:1001::/home/node:/bin/sh\n`, group: 'node:x:1001:\n' };
  expect(knownUser(known, { keepId, workdir: '/' }, 'me')).toEqual({ files: known, operations: [] });
  const none = { passwd: '', group: '' };
  expect(knownUser(none, { keepId, workdir: '/' }, 'me').operations).toEqual([]);
});

it('adds the user and the group', () => {
  const { files: changed, operations } = knownUser(files, { keepId, workdir: '/work' }, 'me');
  expect(changed.passwd).toBe(`${files.passwd}me:x:1001:1001::/work:/bin/sh\n`);
  expect(changed.group).toBe('root:x:0:\nstaff:x:50:\nme:x:1001:\n');
  expect(operations.map((each) => 'path' in each && each.path)).toEqual(['/etc/passwd', '/etc/group']);
});

it('takes another name where an image has given it to somebody else', () => {
  const taken = { passwd: 'me:x:7:7::/:/bin/sh\n', group: '' };
  expect(knownUser(taken, { keepId, workdir: '/' }, 'me').files.passwd).toContain('\nuser1001:x:1001:');
});

it('knows ids of the container by those of the common namespace', () => {
  expect(commonIds(machine, { keepId }, keepId)).toEqual({ uid: 0, gid: 0 });
  expect(commonIds(machine, {}, { uid: 0, gid: 0 })).toEqual({ uid: 0, gid: 0 });
  expect(() => commonIds(machine, { keepId }, { uid: 5, gid: 5 })).toThrow("isn't mapped");
});

const common = [
  { inside: 0, outside: 1001, count: 1 },
  { inside: 1, outside: 100000, count: 65536 },
];
const range = {
  idmap: { mode: 'single-id', reason: 'not looked at', uids: common, gids: common },
} as const;
const own = [{ inside: 0, outside: 2049, count: 1024 }];
const ids = { kind: 'auto', uids: own, gids: own } as const;

it('has files that are made for a container with ids of its own belong to its root', () => {
  expect(ownerOperations({ ids })).toEqual([{ op: 'files-as', uid: 2049, gid: 2049 }]);
  expect(ownerOperations({ keepId })).toEqual([]);
  const steps = ['/l/c', '/l/c/diff'].map((path) => ({ do: { op: 'make-dir', path, mode: 0o755 } }) as const);
  expect(withOwnedRoot(steps, { ids }, '/l/c/diff').map((step) => step.do)).toEqual([
    { op: 'make-dir', path: '/l/c', mode: 0o755 },
    { op: 'make-dir', path: '/l/c/diff', mode: 0o755, uid: 2049, gid: 2049 },
  ]);
  expect(commonIds(range, { ids }, { uid: 33, gid: 34 })).toEqual({ uid: 2082, gid: 2083 });
});

it('gives it the namespaces, and nothing that the user has no more', () => {
  expect(ownIdOperations(range, { ids })).toEqual([
    { op: 'own-ids', uids: own, gids: own, namespaces: true },
  ]);
  expect(() => ownIdOperations(machine, { ids })).toThrow('have no more');
});
