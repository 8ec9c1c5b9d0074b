import { describe, expect, test } from 'vitest';
import { compileSeccomp } from '../../src/seccomp/compile.ts';
import { DEFAULT_PROFILE } from '../../src/seccomp/default-profile.ts';
import type { SeccompProfile } from '../../src/seccomp/profile.ts';
import { runFilter } from './bpf.ts';
import { abi, call } from './reference.ts';

const ALLOW = 0x7fff0000;
const SUCCEED = 0x50000;
const EPERM = 0x50001;
const compile = (profile: SeccompProfile = DEFAULT_PROFILE) =>
  compileSeccomp({
    profile,
    capabilities: [],
    arch: 'amd64',
    singleId: true,
    kernel: { major: 6, minor: 1 },
  });
const filter = compile();
const NONE = 0xffffffffn;

for (const [scmp, none, names] of [
  ['SCMP_ARCH_X86_64', NONE, { chown: 'chown', setgroups: 'setgroups', setresuid: 'setresuid' }],
  ['SCMP_ARCH_X32', NONE, { chown: 'chown', setgroups: 'setgroups', setresuid: 'setresuid' }],
  ['SCMP_ARCH_X86', NONE, { chown: 'chown32', setgroups: 'setgroups32', setresuid: 'setresuid32' }],
  ['SCMP_ARCH_X86', 0xffffn, { chown: 'chown', setgroups: 'setgroups', setresuid: 'setresuid' }],
] as const) {
  describe(`single id, ${scmp}, ${names.chown}`, () => {
    const on = abi(scmp, 'amd64');
    const ask = (name: string, ...args: bigint[]) => runFilter(filter, call(on, name, ...args));

    test('an owner that isn’t mapped is taken without effect', () => {
      for (const [uid, gid] of [
        [33n, 33n],
        [0n, 4n],
        [101n, none],
        [none, 42n],
      ] as const) {
        expect(ask(names.chown, 0n, uid, gid)).toBe(SUCCEED);
        expect(ask('fchownat', 5n, 0n, uid, gid === 0xffffn ? NONE : gid)).toBe(SUCCEED);
      }
    });

    test('root, or no change, is left to the kernel', () => {
      for (const [uid, gid] of [
        [0n, 0n],
        [0n, none],
        [none, 0n],
        [none, none],
      ] as const)
        expect(ask(names.chown, 9n, uid, gid)).toBe(ALLOW);
      expect(ask('fchownat', 5n, 0n, 0n, NONE)).toBe(ALLOW);
    });

    test('what lies above a 32-bit id in the register doesn’t count', () => {
      expect(ask('fchownat', 5n, 0n, 0xffffffff_ffffffffn, 0x1_0000_0000n)).toBe(ALLOW);
    });

    test('groups and identities', () => {
      expect(ask(names.setgroups, 1n)).toBe(SUCCEED);
      expect(ask(names.setresuid, 42n, 42n, 42n)).toBe(SUCCEED);
      expect(ask(names.setresuid, none, 0n, none)).toBe(ALLOW);
    });

    test('device nodes, but for an overlay’s whiteout', () => {
      expect(ask('mknod', 0n, 0o20666n, 0x103n)).toBe(SUCCEED);
      expect(ask('mknodat', 5n, 0n, 0o60660n, 0x800n)).toBe(SUCCEED);
      expect(ask('mknodat', 5n, 0n, 0o20000n, 0n)).toBe(ALLOW);
      expect(ask('mknod', 0n, 0o10644n, 0n)).toBe(ALLOW);
      expect(ask('mknod', 0n, 0o100644n, 0n)).toBe(ALLOW);
    });
  });
}

test('what a profile refuses stays refused', () => {
  const on = abi('SCMP_ARCH_X86_64', 'amd64');
  const refusing = compile({ ...DEFAULT_PROFILE, syscalls: [] });
  expect(runFilter(refusing, call(on, 'chown', 0n, 33n, 33n))).toBe(EPERM);
});

test('a profile that allows all by default is changed alike, and its own conditions count first', () => {
  const on = abi('SCMP_ARCH_X86_64', 'amd64');
  const open = compile({
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [
      {
        names: ['chown'],
        action: 'SCMP_ACT_ERRNO',
        args: [{ index: 1, value: 7n, valueTwo: 0n, op: 'SCMP_CMP_EQ' }],
      },
    ],
  });
  expect(runFilter(open, call(on, 'chown', 0n, 33n, 33n))).toBe(SUCCEED);
  expect(runFilter(open, call(on, 'chown', 0n, 7n, 33n))).toBe(EPERM);
});
