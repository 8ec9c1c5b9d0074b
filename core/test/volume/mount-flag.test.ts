import { describe, expect, it } from 'vitest';
import { parseMountFlag } from '../../src/volume/mount-flag.ts';

const parse = (spec: string) => parseMountFlag(spec, '/home/u');

describe('parseMountFlag', () => {
  it.each([
    [
      'type=bind,source=/srv,target=/a,readonly',
      { kind: 'bind', source: '/srv', target: '/a', readOnly: true, createSource: false, recursive: true },
    ],
    [
      'type=bind,src=./x,dst=/a,ro=false,bind-propagation=rslave,bind-recursive=disabled',
      { kind: 'bind', source: '/home/u/x', readOnly: false, propagation: 'rslave', recursive: false },
    ],
    ['type=bind,src=.,dst=/a,U', { kind: 'bind', source: '/home/u', chown: true }],
    ['type=bind,src=/x,dst=/a,bind-create-src', { createSource: true }],
    ['type=bind,src=/x,dst=/a,bind-nonrecursive', { recursive: false }],
    [
      'source=data,destination=/d',
      { kind: 'volume', name: 'data', target: '/d', copyUp: true, yields: false },
    ],
    ['type=volume,target=/d', { kind: 'volume', name: undefined, yields: false }],
    [
      'type=volume,src=data,dst=/d,volume-nocopy,volume-label=a=b,volume-label=c,volume-subpath=x/../y/',
      { copyUp: false, labels: { a: 'b', c: '' }, subpath: 'y' },
    ],
    [
      'type=volume,src=data,dst=/d,volume-driver=local,volume-opt=type=none,volume-opt=device=/x,"volume-opt=o=bind,ro"',
      { options: { type: 'none', device: '/x', o: 'bind,ro' } },
    ],
    [
      'type=tmpfs,dst=/t,tmpfs-size=64m,tmpfs-mode=770',
      { options: ['mode=770', 'size=67108864'], readOnly: false },
    ],
    [
      'type=tmpfs,dst=/t,ro',
      { kind: 'tmpfs', readOnly: true, flags: ['nosuid', 'nodev', 'noexec', 'readonly'] },
    ],
    ['type=image,src=busybox,dst=/i', { kind: 'image', reference: 'busybox', readOnly: true }],
    ['TYPE=bind,SRC=/s,Dst=/a', { kind: 'bind', source: '/s', target: '/a' }],
  ])('reads %s', (spec, expected) => {
    expect(parse(spec)).toMatchObject(expected);
  });

  it.each<[string, string, number?]>([
    ['', 'EOF'],
    ['=a', "unexpected key '' in '=a'"],
    ['type=bind,source=/a', 'target is required'],
    ['type=bind,target=/a', 'type "bind": field Source must not be empty', 1],
    ['type=bind,source=,target=/a', 'field Source must not be empty', 1],
    ['type=bind,source=a,target=/a', "invalid mount path: 'a' mount path must be absolute", 1],
    ['type=volume,source=a/b,target=/a', '"a/b" includes invalid characters', 1],
    ['type=bind,source=/a,target=a', 'the target "a" must be an absolute path', 1],
    ['type=bind,source=/a,target=/', "the target can't be '/'", 1],
    ['type=,target=/a', 'type is required'],
    ['type=nfs,target=/a', 'type "nfs": mount type unknown', 1],
    ['target=/a,bogus=1', "unexpected key 'bogus' in 'bogus=1'"],
    ['target', "invalid field 'target' must be a key=value pair"],
    ['target=/a,readonly=perhaps', 'invalid value for readonly: perhaps'],
    ['target=/a,target=/b', "'target' is given twice"],
    ['type=bind,source=/a,target=/b,volume-nocopy', "cannot mix 'volume-*' options with mount type 'bind'"],
    ['type=volume,target=/b,bind-propagation=rslave', "cannot mix 'bind-*' options with mount type 'volume'"],
    ['type=volume,target=/b,tmpfs-size=1', "cannot mix 'tmpfs-*' options with mount type 'volume'"],
    ['type=tmpfs,target=/b,U', "cannot mix 'U' options with mount type 'tmpfs'"],
    ['type=tmpfs,source=x,target=/b', 'field Source must not be specified', 1],
    ['type=tmpfs,target=/b,tmpfs-mode=9', 'invalid value for tmpfs-mode: 9'],
    ['type=tmpfs,target=/b,tmpfs-size=big', 'invalid value for tmpfs-size: big'],
    ['type=bind,source=/a,target=/b,bind-propagation=up', 'invalid propagation mode: up', 1],
    ['type=bind,source=/a,target=/b,bind-recursive=readonly', "requires 'readonly'"],
    [
      'type=bind,source=/a,target=/b,readonly,bind-recursive=readonly',
      "requires 'bind-propagation=rprivate' to be specified",
    ],
    ['type=bind,source=/a,target=/b,bind-recursive=writable', "isn't supported"],
    ['type=bind,source=/a,target=/b,bind-recursive=x', 'invalid value for bind-recursive: x'],
    ['type=volume,target=/b,volume-driver=nfs', "there is no volume driver 'nfs'", 1],
    ['type=volume,target=/b,volume-subpath=x', 'must not set Subpath when using anonymous volumes', 1],
    ['type=volume,source=vv,target=/b,volume-subpath=../x', 'must be a relative path that stays inside', 1],
    ['type=image,target=/b', 'type "image": field Source must not be empty', 1],
    ['target=/a,"source=x', 'its quotes do not match'],
    ['target=/a,consistency=x', 'invalid consistency: x', 1],
  ])('refuses %j', (spec, reason, exitCode = 125) => {
    expect(() => parse(spec)).toThrow(
      expect.objectContaining({ exitCode, message: expect.stringContaining(reason) }),
    );
  });
});
