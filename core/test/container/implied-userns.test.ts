import { mkdtempSync, rmdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { impliedUserns } from '../../src/container/implied-userns.ts';
import { parseVolumeFlag } from '../../src/volume/volume-flag.ts';

const directory = mkdtempSync(join(tmpdir(), 'wherry-own-'));
afterAll(() => rmdirSync(directory));
const { uid: owner } = statSync(directory);
// The tests may run as root, whose ids are never kept.
const uid = owner === 0 ? 4242 : owner;
const own = { uid, gid: 1001 };
const asks = (user: string | undefined, ...volumes: string[]) =>
  impliedUserns(
    { ...(user === undefined ? {} : { user }), mounts: volumes.map((each) => parseVolumeFlag(each, '/')) },
    own,
  );
const missing = join(directory, 'missing');

it('keeps the ids of whoever asks for them and mounts something of their own', () => {
  expect(asks(`${uid}:1001`, `${missing}:/w`)).toBe('keep-id');
  expect(asks(`${uid}`, `${missing}:/w`)).toBe('keep-id');
});

it.each([
  ['nobody is named', undefined, `${missing}:/w`],
  ['somebody else is named', `${uid + 1}:1001`, `${missing}:/w`],
  ['another group is named', `${uid}:7`, `${missing}:/w`],
  ['a name is given', 'node', `${missing}:/w`],
  ['it is read alone', `${uid}:1001`, `${missing}:/w:ro`],
  ['it is a volume', `${uid}:1001`, 'data:/w'],
  ['it belongs to somebody else', `${uid}:1001`, `${uid === owner ? '/etc' : directory}:/w`],
])('leaves ids alone where %s', (_, user, volume) => {
  expect(asks(user, volume)).toBeUndefined();
});

it('never keeps those of root', () => {
  const mounts = [parseVolumeFlag(`${missing}:/w`, '/')];
  expect(impliedUserns({ user: '0:0', mounts }, { uid: 0, gid: 0 })).toBeUndefined();
});
