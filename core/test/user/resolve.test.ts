import { describe, expect, test } from 'vitest';
import { DATABASE_LIMIT, parseGroup, parsePasswd } from '../../src/user/database.ts';
import { resolveUser } from '../../src/user/resolve.ts';

const passwd = `root:x:0:0:root:/root:/bin/sh
broken line
# a comment
www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
1234:x:77:77::/digits:/bin/sh
huge:x:99999999999:1::/:/bin/sh
homeless:x:50:51::
ann:x:1000:1000:Ann,,,:/home/ann:/bin/sh
`;
const group = `root:x:0:
www-data:x:33:ann
video:x:44:ann,bob
adm:x:4:ann
ann:x:1000:
nonsense
`;
const resolve = (user: string, groupAdd: string[] = []) => resolveUser({ user, groupAdd, passwd, group });

describe('the user', () => {
  test('nobody named is root', () => {
    expect(resolve('')).toEqual({ uid: 0, gid: 0, groups: [], home: '/root' });
    expect(resolveUser({ user: '', groupAdd: [], passwd: '', group: '' })).toEqual({
      uid: 0,
      gid: 0,
      groups: [],
      home: '/',
    });
  });
  test('by name, with its groups', () => {
    expect(resolve('ann')).toEqual({ uid: 1000, gid: 1000, groups: [4, 33, 44], home: '/home/ann' });
  });
  test('by number, with an entry and without', () => {
    expect(resolve('1000')).toEqual(resolve('ann'));
    expect(resolve('1234')).toEqual({ uid: 1234, gid: 0, groups: [], home: '/' });
  });
  test('with a group, and then no others', () => {
    expect(resolve('ann:video')).toEqual({ uid: 1000, gid: 44, groups: [], home: '/home/ann' });
    expect(resolve('5:6')).toEqual({ uid: 5, gid: 6, groups: [], home: '/' });
    expect(resolve(':video')).toMatchObject({ uid: 0, gid: 44 });
    expect(resolve('ann:')).toEqual(resolve('ann'));
  });
  test('added groups come on top, once each', () => {
    expect(resolve('ann:ann', ['video', '9', '44']).groups).toEqual([9, 44]);
    expect(resolve('ann', ['video']).groups).toEqual([4, 33, 44]);
  });
  test('an entry without a home has /', () => {
    expect(resolve('homeless').home).toBe('/');
  });
});

test.each([
  ['nosuch', 'unable to find user nosuch: no matching entries in passwd file'],
  ['huge', 'unable to find user huge: no matching entries in passwd file'],
  ['ann:nosuch', 'unable to find group nosuch: no matching entries in group file'],
  ['2147483648', 'The user id 2147483648 isn’t from 0 to 2147483647.'],
  ['-1', 'The user id -1 isn’t from 0 to 2147483647.'],
  ['0:4294967295', 'The group id 4294967295 isn’t from 0 to 2147483647.'],
])('%s is refused with Docker’s exit status', (user, message) => {
  expect(() => resolve(user)).toThrow(
    expect.objectContaining({ message, exitCode: 1, hint: expect.stringMatching(/./) }),
  );
});

test('no more of a database is read than the limit, and no half line', () => {
  const line = 'a:x:1:1::/:/bin/sh\n';
  const many = line.repeat(Math.ceil(DATABASE_LIMIT / line.length) + 10);
  expect(parsePasswd(many).length).toBe(Math.floor(DATABASE_LIMIT / line.length));
  expect(parseGroup(`x:x:${'9'.repeat(DATABASE_LIMIT + 5)}`)).toEqual([]);
});
