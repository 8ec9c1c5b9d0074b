import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ociArch, platformName } from '../../src/platform/arch.ts';
import { findCgroup, unifiedMount, unifiedPath } from '../../src/platform/cgroup.ts';
import { filesystemOf, filesystemOfMagic } from '../../src/platform/filesystem.ts';
import { kernelAtLeast, parseKernelRelease } from '../../src/platform/kernel.ts';
import { legacyPaths } from '../../src/platform/legacy-cgroup.ts';
import { readPlatform } from '../../src/platform/platform.ts';
import { userNamespaceSupport } from '../../src/platform/user-namespace.ts';

test('kernel releases', () => {
  expect(parseKernelRelease('4.18.0-553.el8_10.x86_64')).toMatchObject({ major: 4, minor: 18, patch: 0 });
  expect(parseKernelRelease('6.18-rc1\n')).toMatchObject({
    release: '6.18-rc1',
    major: 6,
    minor: 18,
    patch: 0,
  });
  expect(parseKernelRelease('odd')).toMatchObject({ major: 0, minor: 0 });
  expect(kernelAtLeast(parseKernelRelease('6.5.1'), 6, 5)).toBe(true);
  expect(kernelAtLeast(parseKernelRelease('5.19.0'), 6, 0)).toBe(false);
});

test.each([
  ['x86_64', 'linux/amd64'],
  ['aarch64', 'linux/arm64'],
  ['armv7l', 'linux/arm/v7'],
  ['i686', 'linux/386'],
  ['loongarch64', 'linux/loong64'],
  ['vax', 'linux/vax'],
  ['constructor', 'linux/constructor'],
])('uname -m %s is %s', (machine, platform) => {
  expect(platformName(ociArch(machine))).toBe(platform);
});

describe('file systems', () => {
  test('by magic number, sign-extended or not', () => {
    expect(filesystemOfMagic(0xef53)).toEqual({ name: 'ext4', network: false });
    expect(filesystemOfMagic(0x9123683en)).toEqual({ name: 'btrfs', network: false });
    expect(filesystemOfMagic(-1859950530n)).toEqual({ name: 'btrfs', network: false });
    expect(filesystemOfMagic(0xdeadn)).toEqual({ name: '0xdead', network: false });
  });
  test.each([
    0x6969, 0x0bd00bd0, 0x47504653, 0xff534d42, 0xfe534d42, 0x5346414f, 0x19830326, 0x00c36400, 0x01021997,
    0x65735546,
  ])('0x%s is on the network', (magic) => expect(filesystemOfMagic(magic).network).toBe(true));
  test('of a path', () => {
    expect(filesystemOf('/proc').name).toBe('0x9fa0');
    expect(() => filesystemOf('/nowhere')).toThrow(/ENOENT/);
  });
});

describe('user namespaces', () => {
  const usual = {
    maxUserNamespaces: 15000,
    unprivilegedClone: 1,
    apparmorRestrict: 0,
    supported: true,
    uid: 1000,
  };
  test('usable, with or without the distributions’ switches', () => {
    expect(userNamespaceSupport(usual)).toEqual({ usable: true });
    expect(userNamespaceSupport({ supported: true, uid: 1000 })).toEqual({ usable: true });
  });
  test.each([
    [{ supported: false }, /no user namespaces/, /CONFIG_USER_NS/],
    [{ maxUserNamespaces: 0 }, /switched off/, /sysctl -w user.max_user_namespaces/],
    [{ unprivilegedClone: 0 }, /for root only/, /sysctl -w kernel.unprivileged_userns_clone=1/],
    [{ apparmorRestrict: 1 }, /AppArmor/, /profile/],
  ])('%j has its own reason and hint', (change, reason, hint) => {
    const support = userNamespaceSupport({ ...usual, ...change });
    expect(support).toEqual({
      usable: false,
      reason: expect.stringMatching(reason),
      hint: expect.stringMatching(hint),
    });
  });
  test('root minds neither Debian’s switch nor AppArmor’s', () => {
    expect(userNamespaceSupport({ ...usual, unprivilegedClone: 0, apparmorRestrict: 1, uid: 0 })).toEqual({
      usable: true,
    });
  });
});

describe('cgroups', () => {
  const MOUNT2 = '30 24 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n';
  const MOUNT1 = '31 24 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n';
  const session = '/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service';
  const reader = (prefix: string) => ({
    read: (path: string) => (path === `${prefix}/cgroup.controllers` ? 'memory pids\n' : undefined),
    writable: (path: string) => path.startsWith(prefix),
  });
  test('version 2 with a delegated session', () => {
    const found = findCgroup(
      MOUNT2,
      '0::/user.slice/user-1000.slice/user@1000.service/app.slice/x.scope\n',
      reader(session),
    );
    expect(found).toMatchObject({ version: 2, delegated: session, controllers: ['memory', 'pids'] });
  });
  test('version 2 without a delegation', () => {
    const found = findCgroup(MOUNT2, '0::/user.slice\n', reader('/elsewhere'));
    expect(found).toEqual({
      version: 2,
      mount: '/sys/fs/cgroup',
      own: '/sys/fs/cgroup/user.slice',
      controllers: [],
    });
  });
  test('a whole tree of one’s own, in a cgroup namespace', () => {
    expect(findCgroup(MOUNT2, '0::/\n', reader('/sys/fs/cgroup'))).toMatchObject({
      own: '/sys/fs/cgroup',
      delegated: '/sys/fs/cgroup',
    });
  });
  test('version 1, by the directories that were handed over', () => {
    const cpu = '32 24 0:28 /part /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n';
    const named = '33 24 0:29 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n';
    const membership =
      '4:memory:/users/ann/shell\n3:cpu,cpuacct:/part/ann\n1:name=systemd:/users/ann\n0::/\n';
    const mine = ['/sys/fs/cgroup/memory/users/ann', '/sys/fs/cgroup/cpu,cpuacct/ann'];
    const own = {
      read: () => undefined,
      writable: (path: string) => mine.some((each) => path === each || path.startsWith(`${each}/`)),
    };
    expect(findCgroup(MOUNT1 + cpu + named, membership, own)).toEqual({
      version: 1,
      controllers: [],
      legacy: [
        { controller: 'memory', mount: '/sys/fs/cgroup/memory', delegated: mine[0] },
        { controller: 'cpu', mount: '/sys/fs/cgroup/cpu,cpuacct', delegated: mine[1] },
        { controller: 'cpuacct', mount: '/sys/fs/cgroup/cpu,cpuacct', delegated: mine[1] },
      ],
    });
    expect(findCgroup(MOUNT1, '4:memory:/users\n', own)).not.toHaveProperty('legacy');
  });
  test('version 1, hybrid, and none', () => {
    expect(findCgroup(MOUNT1, '3:memory:/\n', reader('/x'))).toEqual({ version: 1, controllers: [] });
    expect(findCgroup(MOUNT1 + MOUNT2, '3:memory:/\n0::/\n', reader('/x')).version).toBe(1);
    expect(findCgroup('', '', reader('/x'))).toEqual({ version: 0, controllers: [] });
  });
});

test('a process is found in the hierarchies of both versions', () => {
  const membership = '4:memory:/users/a:b\n3:cpu,cpuacct:/part\n1:name=systemd:/users\n0::/user.slice/ü x\n';
  expect(unifiedPath(membership)).toBe('/user.slice/ü x');
  expect(unifiedPath('4:memory:/users\n')).toBeUndefined();
  expect(Object.fromEntries(legacyPaths(membership))).toEqual({
    memory: '/users/a:b',
    cpu: '/part',
    cpuacct: '/part',
    'name=systemd': '/users',
  });
  const spaced = '30 24 0:26 / /sys/fs/c\\040group rw shared:9 - cgroup2 cgroup2 rw\n';
  expect(unifiedMount(spaced)).toBe('/sys/fs/c group');
  expect(unifiedMount('22 27 0:21 / /proc rw - proc proc rw\n')).toBeUndefined();
});

describe('reading the platform', () => {
  let root = '';
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'platform-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  test('a machine with user namespaces switched off, overlay and FUSE', () => {
    write('proc/sys/user/max_user_namespaces', '0\n');
    write('proc/self/ns/user', '');
    write('proc/filesystems', 'nodev\ttmpfs\nnodev\toverlay\n\text4\n');
    write('proc/sys/kernel/cap_last_cap', '40\n');
    write('dev/fuse', '');
    expect(readPlatform(root, 1000)).toMatchObject({
      userNamespaces: { usable: false },
      overlay: true,
      fuse: true,
      tun: false,
      lastCap: 40,
      cgroup: { version: 0 },
    });
  });

  test('this machine', () => {
    const platform = readPlatform();
    expect(platform.kernel.major).toBeGreaterThan(2);
    expect(platform.cpus).toBeGreaterThan(0);
    expect(platform.memory).toBeGreaterThan(1 << 20);
  });
});
