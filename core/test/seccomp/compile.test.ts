import { describe, expect, it, test } from 'vitest';
import type { NativeArch } from '../../src/seccomp/arch.ts';
import { compileSeccomp, type SeccompRequest, seccompCacheKey } from '../../src/seccomp/compile.ts';
import { DEFAULT_PROFILE } from '../../src/seccomp/default-profile.ts';
import { parseSeccompProfile } from '../../src/seccomp/parse-profile.ts';
import { runFilter } from './bpf.ts';
import {
  ABIS,
  abi,
  call,
  defaultVerdict,
  ENOSYS_VERDICT,
  effectiveRules,
  interesting,
  libseccomp,
  libseccompMissing,
  meaning,
} from './reference.ts';

const DOCKER_CAPS =
  'CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE'
    .split(' ')
    .map((name) => `CAP_${name}`);
const ALLOW = 0x7fff0000;
const EPERM = 0x50001;
const KILL = 0;

const request = (changes: Partial<SeccompRequest> = {}): SeccompRequest => ({
  profile: DEFAULT_PROFILE,
  capabilities: DOCKER_CAPS,
  arch: 'amd64',
  singleId: false,
  kernel: { major: 6, minor: 1 },
  ...changes,
});

const profileOf = (syscalls: unknown[], more: Record<string, unknown> = {}) =>
  parseSeccompProfile(
    JSON.stringify({
      defaultAction: 'SCMP_ACT_ERRNO',
      archMap: DEFAULT_PROFILE.archMap,
      syscalls,
      ...more,
    }),
    'p.json',
  );

/** All operators, actions and widths, several rules a call, one call with very many. */
const VARIED = profileOf([
  { names: ['read', 'write', 'close', 'openat', 'futex'], action: 'SCMP_ACT_ALLOW' },
  { names: ['getpid'], action: 'SCMP_ACT_TRAP' },
  { names: ['getppid'], action: 'SCMP_ACT_TRACE', errnoRet: 77 },
  { names: ['getuid'], action: 'SCMP_ACT_LOG' },
  { names: ['getgid'], action: 'SCMP_ACT_KILL_PROCESS' },
  { names: ['gettid'], action: 'SCMP_ACT_KILL_THREAD' },
  ...['EQ', 'NE', 'LT', 'LE', 'GT', 'GE'].map((op, i) => ({
    names: [['lseek', 'ioctl', 'fcntl', 'dup', 'dup3', 'mprotect'][i]],
    action: 'SCMP_ACT_ALLOW',
    args: [{ index: i % 3, value: 0x1_0000_0005, op: `SCMP_CMP_${op}` }],
  })),
  ...[7, 0x42, 0x80000001].map((value, i) => ({
    names: ['prctl'],
    action: 'SCMP_ACT_ALLOW',
    args: [
      { index: 0, value, op: 'SCMP_CMP_EQ' },
      { index: 1, value: i, op: 'SCMP_CMP_GT' },
    ],
  })),
  {
    names: ['clone'],
    action: 'SCMP_ACT_ALLOW',
    args: [{ index: 0, value: 0xff0, valueTwo: 0x120, op: 'SCMP_CMP_MASKED_EQ' }],
  },
  { names: ['personality'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: 12, op: 'SCMP_CMP_LT' }] },
  ...Array.from({ length: 40 }, (_, i) => ({
    names: ['personality'],
    action: 'SCMP_ACT_ALLOW',
    args: [{ index: 0, value: 100 + 3 * i, op: 'SCMP_CMP_EQ' }],
  })),
  { names: ['openat2'], action: 'SCMP_ACT_ALLOW', excludes: { minKernel: '6.2' } },
  { names: ['statx'], action: 'SCMP_ACT_ALLOW', includes: { minKernel: '6.2' } },
]);

const CASES: [string, SeccompRequest][] = (['amd64', 'arm64'] as NativeArch[]).flatMap((arch) => [
  [`${arch}, default profile`, request({ arch })],
  [
    `${arch}, default profile, SYS_ADMIN and others`,
    request({ arch, capabilities: [...DOCKER_CAPS, 'CAP_SYS_ADMIN', 'CAP_SYS_PTRACE', 'CAP_SYSLOG'] }),
  ],
  [
    `${arch}, default profile, no capability, old kernel`,
    request({ arch, capabilities: [], kernel: { major: 4, minor: 4 } }),
  ],
  [`${arch}, varied profile`, request({ arch, profile: VARIED })],
]);

for (const [name, wanted] of CASES)
  describe(`the filter for ${name}`, () => {
    const filter = compileSeccomp(wanted);
    const rules = effectiveRules(wanted);

    test('does what the profile says, call by call and argument by argument', () => {
      for (const scmp of ABIS[wanted.arch]) {
        const on = abi(scmp, wanted.arch);
        const listed = [...on.numbers].filter(([name]) => rules.some((rule) => rule.names.includes(name)));
        const newest = Math.max(
          ...listed.map(([, number]) => number).filter((number) => number < on.privateFrom),
        );
        const byNumber = new Map([...on.numbers].map(([name, number]) => [number, name]));
        const numbers = [
          ...Array.from({ length: 1200 }, (_, i) => i),
          ...on.numbers.values(),
          0xffff,
          0x3fff_ffff - on.base / 2,
        ];
        for (const number of numbers) {
          const name = byNumber.get(number) ?? '';
          for (const args of interesting(rules, name)) {
            let expected = meaning(wanted, rules, name, on, args);
            if (number > newest && number < on.privateFrom) expected = ENOSYS_VERDICT;
            if (scmp === 'SCMP_ARCH_X86' && (name === 'socketcall' || name === 'ipc')) continue;
            const got = runFilter(filter, { audit: on.audit, nr: on.base + number, args });
            if (got !== expected)
              expect.fail(
                `${scmp} ${name} ${number} (${args}): ${got.toString(16)}, not ${expected.toString(16)}`,
              );
          }
        }
      }
    });

    test('kills what comes by an ABI that isn’t opened', () => {
      expect(runFilter(filter, { audit: 0xc000_0016, nr: 1 })).toBe(KILL);
      expect(runFilter(filter, { audit: wanted.arch === 'amd64' ? 0xc00000b7 : 0xc000003e, nr: 1 })).toBe(
        KILL,
      );
    });

    const missing = libseccompMissing();
    it.skipIf(missing !== undefined)(
      `does what libseccomp’s filter does (${missing ?? 'it is here'})`,
      () => {
        const other = libseccomp(wanted);
        let compared = 0;
        for (const scmp of ABIS[wanted.arch]) {
          const on = abi(scmp, wanted.arch);
          const byNumber = new Map([...on.numbers].map(([name, number]) => [number, name]));
          for (let number = 0; number <= 450; number++) {
            const name = byNumber.get(number) ?? '';
            if (name === 'uretprobe') continue; // Linux 6.11; Debian's libseccomp is older.
            for (const args of interesting(rules, name)) {
              const now = { audit: on.audit, nr: on.base + number, args };
              const [ours, theirs] = [runFilter(filter, now), runFilter(other, now)];
              // Newer than anything in the profile: runc's ENOSYS, which is no part of libseccomp.
              if (ours === ENOSYS_VERDICT && theirs === defaultVerdict(wanted.profile)) continue;
              compared++;
              if (ours !== theirs)
                expect.fail(
                  `${scmp} ${name} ${number} (${args}): ${ours.toString(16)}, libseccomp ${theirs.toString(16)}`,
                );
            }
          }
        }
        expect(compared).toBeGreaterThan(wanted.profile === VARIED ? 200 : 800);
        expect(filter.length).toBeLessThan(other.length);
      },
    );
  });

describe('Docker’s default', () => {
  const on = abi('SCMP_ARCH_X86_64', 'amd64');
  const ask = (changes: Partial<SeccompRequest>, name: string, ...args: bigint[]) =>
    runFilter(compileSeccomp(request(changes)), call(on, name, ...args));

  for (const [name, args, verdict] of [
    ['read', [], ALLOW],
    ['mount', [], EPERM],
    ['unshare', [], EPERM],
    ['keyctl', [], EPERM],
    ['io_uring_setup', [], EPERM],
    ['clone3', [], ENOSYS_VERDICT],
    ['clone', [0x11n], ALLOW],
    ['clone', [0x10000000n], EPERM],
    ['socket', [2n], ALLOW],
    ['socket', [40n], EPERM],
    ['personality', [0xffffffffn], ALLOW],
    ['personality', [1n], EPERM],
    ['ptrace', [], ALLOW],
    ['chroot', [], ALLOW],
    ['open_tree_attr', [], ENOSYS_VERDICT],
  ] as [string, bigint[], number][]) {
    test(`${name}(${args})`, () => {
      expect(ask({}, name, ...args)).toBe(verdict);
    });
  }

  test('capabilities open what they are for', () => {
    const admin = { capabilities: [...DOCKER_CAPS, 'CAP_SYS_ADMIN'] };
    expect(ask(admin, 'mount')).toBe(ALLOW);
    expect(ask(admin, 'clone3')).toBe(ALLOW);
    expect(ask(admin, 'clone', 0x10000000n)).toBe(ALLOW);
    expect(ask({ capabilities: [] }, 'chroot')).toBe(EPERM);
    expect(ask({ kernel: { major: 4, minor: 7 } }, 'ptrace')).toBe(EPERM);
  });

  test('the tracer’s -1 isn’t killed', () => {
    expect(runFilter(compileSeccomp(request()), { audit: on.audit, nr: 0xffffffff })).toBe(EPERM);
  });
});

describe('profiles from files', () => {
  test('without x32 opened, its calls are killed and x86_64’s are not', () => {
    const profile = profileOf([{ names: ['read'], action: 'SCMP_ACT_ALLOW' }], {
      archMap: [],
      architectures: ['SCMP_ARCH_X86'],
    });
    const filter = compileSeccomp(request({ profile }));
    expect(runFilter(filter, { audit: 0xc000003e, nr: 0x40000000 })).toBe(KILL);
    expect(runFilter(filter, { audit: 0xc000003e, nr: 0 })).toBe(ALLOW);
    expect(runFilter(filter, { audit: 0x40000003, nr: 3 })).toBe(ALLOW);
  });

  test('a rule for a socket call counts for i386’s socketcall, too', () => {
    const filter = compileSeccomp(
      request({ profile: profileOf([{ names: ['bind', 'shmat'], action: 'SCMP_ACT_ALLOW' }]) }),
    );
    const x86 = abi('SCMP_ARCH_X86', 'amd64');
    expect(runFilter(filter, call(x86, 'socketcall', 2n))).toBe(ALLOW);
    expect(runFilter(filter, call(x86, 'socketcall', 3n))).toBe(EPERM);
    expect(runFilter(filter, call(x86, 'ipc', 21n))).toBe(ALLOW);
    expect(runFilter(filter, call(x86, 'ipc', 22n))).toBe(EPERM);
  });

  test('a deny list lets unknown numbers through', () => {
    const profile = profileOf([{ names: ['mount'], action: 'SCMP_ACT_ERRNO', errnoRet: 5 }], {
      defaultAction: 'SCMP_ACT_ALLOW',
    });
    const filter = compileSeccomp(request({ profile }));
    expect(runFilter(filter, { audit: 0xc000003e, nr: 165 })).toBe(0x50005);
    expect(runFilter(filter, { audit: 0xc000003e, nr: 4000 })).toBe(ALLOW);
  });

  test('rules that multiply into very many cases stay within bounds', () => {
    const syscalls = Array.from({ length: 60 }, (_, i) => ({
      names: ['ioctl'],
      action: i % 2 ? 'SCMP_ACT_ALLOW' : 'SCMP_ACT_TRAP',
      args: Array.from({ length: 6 }, (_, index) => ({ index, value: i + index, op: 'SCMP_CMP_EQ' })),
    }));
    const wanted = request({ profile: profileOf(syscalls) });
    const filter = compileSeccomp(wanted);
    const args = [7n, 8n, 9n, 10n, 11n, 12n];
    expect(runFilter(filter, call(abi('SCMP_ARCH_X86_64', 'amd64'), 'ioctl', ...args))).toBe(ALLOW);
    expect(filter.length / 8).toBeLessThan(4096);
  });

  test('a profile the kernel wouldn’t take is refused in words', () => {
    const names = [...abi('SCMP_ARCH_X86_64', 'amd64').numbers.keys()].slice(0, 60);
    const rules = (calls: string[], count: number) =>
      calls.flatMap((name, at) =>
        Array.from({ length: count }, (_, i) => ({
          names: [name],
          action: 'SCMP_ACT_ALLOW',
          args: [{ index: 1, value: i * 7 + at * 10000, op: 'SCMP_CMP_EQ' }],
        })),
      );
    const compile = (syscalls: unknown[]) => () => compileSeccomp(request({ profile: profileOf(syscalls) }));
    expect(compile(rules(names, 300))).toThrow(/too long: it makes \d+ instructions/);
    expect(compile(rules(['ioctl'], 3000))).toThrow(/compares arguments of ioctl more than 500 times/);
  });
});

test('the cache key tells requests apart, and not the order of capabilities', () => {
  const key = seccompCacheKey(request());
  expect(key).toMatch(/^[0-9a-f]{64}$/);
  expect(seccompCacheKey(request({ capabilities: [...DOCKER_CAPS].reverse() }))).toBe(key);
  for (const other of [
    { singleId: true },
    { arch: 'arm64' as const },
    { capabilities: [] },
    { profile: VARIED },
    { kernel: { major: 6, minor: 2 } },
  ]) {
    expect(seccompCacheKey(request(other))).not.toBe(key);
  }
});
