import { hostname, machine, release, userInfo } from 'node:os';
import { expect, test } from 'vitest';
import { hostName, kernelRelease, loginName, machineName } from '../../src/platform/host.ts';

test('is what node:os says', () => {
  expect(hostName()).toBe(hostname());
  expect(kernelRelease()).toBe(release());
  expect(machineName()).toBe(machine());
  expect(loginName(userInfo().uid)).toBe(userInfo().username);
});

test('a login name is looked up by its id', () => {
  const passwd =
    'root:x:0:0:root:/root:/bin/sh\n+::::::\nanna:x:1001:1001::/home/anna:/bin/sh\nsame:x:1001:7:::\n';
  expect(loginName(1001, passwd)).toBe('anna');
  expect(loginName(0, passwd)).toBe('root');
});

test('who is in no file is asked for elsewhere', () => {
  const { uid, username } = userInfo();
  expect(loginName(uid, '')).toBe(username);
  expect(() => loginName(uid + 4_000_000, '')).toThrow(/has no name/);
});
