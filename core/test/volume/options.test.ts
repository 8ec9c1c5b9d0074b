import { describe, expect, it } from 'vitest';
import { volumeSource } from '../../src/volume/options.ts';

describe('volumeSource', () => {
  it.each([
    [{}, { kind: 'directory' }],
    [
      { type: 'none', device: '/srv/data', o: 'bind' },
      { kind: 'bind', device: '/srv/data', recursive: false, readOnly: false },
    ],
    [
      { type: 'bind', device: '/srv', o: 'rbind,ro' },
      { kind: 'bind', recursive: true, readOnly: true },
    ],
    [
      { type: 'tmpfs', device: 'tmpfs', o: 'size=10m,uid=1' },
      { kind: 'tmpfs', options: ['mode=1777', 'size=10m', 'uid=1'] },
    ],
  ])('reads %j', (options, expected) => {
    expect(volumeSource(options)).toMatchObject(expected);
  });

  it.each<[Record<string, string>, string]>([
    [{ foo: 'x' }, 'Invalid option: "foo".'],
    [{ device: '/x' }, 'Missing required option: "type".'],
    [{ o: 'bind' }, 'Missing required option: "type".'],
    [{ type: 'tmpfs' }, 'Missing required option: "device".'],
    [
      { type: 'nfs', device: ':/x', o: 'addr=1.2.3.4' },
      'A file system of type "nfs" can not be mounted without root.',
    ],
    [{ type: 'none', device: '/x' }, 'The type "none" needs the mount option bind.'],
    [{ type: 'none', device: 'x', o: 'bind' }, 'The device "x" must be an absolute path.'],
    [{ type: 'none', device: '/x', o: 'bind,noatime' }, 'Invalid mount option "noatime" of a bind.'],
    [{ type: 'tmpfs', device: 'tmpfs', o: 'bogus' }, 'Invalid tmpfs option "bogus".'],
    [{ size: '1g' }, 'A volume can not be given a size here: quotas are set by root alone.'],
  ])('refuses %j', (options, message) => {
    expect(() => volumeSource(options)).toThrow(message);
  });
});
