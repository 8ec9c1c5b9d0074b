import { describe, expect, it } from 'vitest';
import { parseUserns } from '../../src/idmap/userns.ts';

const OWN = { uid: 1001, gid: 100 };
const AUTO = { kind: 'auto', size: undefined, uids: [], gids: [] };

describe('parseUserns', () => {
  it.each([
    ['', { kind: 'host' }],
    ['host', { kind: 'host' }],
    ['nomap', { kind: 'nomap' }],
    ['keep-id', { kind: 'keep-id', kept: { uid: 1001, gid: 100 } }],
    ['keep-id:uid=1000', { kind: 'keep-id', kept: { uid: 1000, gid: 100 } }],
    ['keep-id:uid=1000,gid=1000', { kind: 'keep-id', kept: { uid: 1000, gid: 1000 } }],
    ['keep-id:gid=5,uid=6', { kind: 'keep-id', kept: { uid: 6, gid: 5 } }],
    ['auto', AUTO],
    ['auto:size=2000', { ...AUTO, size: 2000 }],
    [
      'auto:uidmapping=0:1:10,size=50,uidmapping=20:@1001:1,gidmapping=3:4:5',
      {
        kind: 'auto',
        size: 50,
        uids: [
          { inside: 0, outside: 1, count: 10, ofHost: false },
          { inside: 20, outside: 1001, count: 1, ofHost: true },
        ],
        gids: [{ inside: 3, outside: 4, count: 5, ofHost: false }],
      },
    ],
  ])('reads %j', (text, expected) => {
    expect(parseUserns(text, OWN)).toEqual(expected);
  });

  it.each([
    'keep-id:',
    'keep-id:uid=x',
    'keep-id:size=3',
    'nomap:size=3',
    'auto:',
    'auto:size=0',
    'auto:size=4294967295',
    'auto:size',
    'auto:uidmapping=1:2',
    'auto:uidmapping=0:0:0',
    'auto:uidmapping=0:1:10,uidmapping=9:20:1',
    'automatic',
    'private',
  ])('refuses %j', (text) => {
    expect(() => parseUserns(text, OWN)).toThrow(
      expect.objectContaining({ code: 'E_USERNS', exitCode: 125 }),
    );
  });

  it.each(['keep-id', 'nomap'])('has %s for ordinary users alone', (text) => {
    expect(() => parseUserns(text, { uid: 0, gid: 0 })).toThrow('not for root');
  });
});
