import { expect, test } from 'vitest';
import { WherryError } from '../../src/errors/error.ts';
import { parseSeccompProfile } from '../../src/seccomp/parse-profile.ts';
import { seccompFlags } from '../../src/seccomp/profile.ts';

const parse = (value: unknown) =>
  parseSeccompProfile(typeof value === 'string' ? value : JSON.stringify(value), 'my.json');

test('64-bit values keep every digit', () => {
  const profile = parse(
    '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["ioctl"],"action":"SCMP_ACT_KILL",' +
      '"args":[{"index":1,"value":18446744073709551615,"valueTwo":9007199254740993,"op":"SCMP_CMP_MASKED_EQ"}]}]}',
  );
  expect(profile.syscalls[0]?.args[0]).toEqual({
    index: 1,
    value: 18446744073709551615n,
    valueTwo: 9007199254740993n,
    op: 'SCMP_CMP_MASKED_EQ',
  });
});

test('the old form with one name, and nulls as Docker writes them', () => {
  const profile = parse({
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: 38,
    archMap: [{ architecture: 'SCMP_ARCH_RISCV64', subArchitectures: null }],
    syscalls: [
      { name: 'read', action: 'SCMP_ACT_ALLOW', args: null, includes: {}, excludes: { minKernel: '4.8' } },
    ],
  });
  expect(profile.defaultErrnoRet).toBe(38);
  expect(profile.syscalls[0]).toMatchObject({
    names: ['read'],
    args: [],
    excludes: { minKernel: { major: 4, minor: 8 } },
  });
});

test('flags become the bits of seccomp(2)', () => {
  const flags = ['SECCOMP_FILTER_FLAG_LOG', 'SECCOMP_FILTER_FLAG_SPEC_ALLOW'];
  expect(seccompFlags(parse({ defaultAction: 'SCMP_ACT_ALLOW', flags }))).toBe(6);
});

const rule = (more: object) => ({
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['read'], action: 'SCMP_ACT_KILL', ...more }],
});

for (const [what, value, problem] of [
  ['no JSON', '{"defaultAction"', 'isn’t JSON'],
  ['a list', [], 'no object in the profile'],
  ['no default', {}, 'unknown action in defaultAction (nothing)'],
  ['an unknown action', rule({ action: 'DENY' }), 'unknown action in syscalls[0].action ("DENY")'],
  ['a listener action', rule({ action: 'SCMP_ACT_NOTIFY' }), 'SCMP_ACT_NOTIFY'],
  ['a listener', { defaultAction: 'SCMP_ACT_ALLOW', listenerPath: '/x' }, 'listenerPath'],
  ['no names', rule({ names: [] }), 'names no system call in syscalls[0]'],
  ['both names', rule({ name: 'write' }), 'both name and names'],
  [
    'a seventh argument',
    rule({ args: [{ index: 6, value: 1, op: 'SCMP_CMP_EQ' }] }),
    'from 0 to 5 in syscalls[0].args[0].index',
  ],
  ['a negative value', rule({ args: [{ index: 0, value: -1, op: 'SCMP_CMP_EQ' }] }), 'args[0].value (-1)'],
  ['a fraction', rule({ args: [{ index: 0, value: 1.5, op: 'SCMP_CMP_EQ' }] }), 'args[0].value (1.5)'],
  ['a comparison', rule({ args: [{ index: 0, value: 1, op: '==' }] }), 'unknown comparison'],
  ['a kernel', rule({ includes: { minKernel: 'six' } }), 'syscalls[0].includes.minKernel'],
  ['an architecture', { defaultAction: 'SCMP_ACT_ALLOW', architectures: ['amd64'] }, 'unknown architecture'],
  ['a flag', { defaultAction: 'SCMP_ACT_ALLOW', flags: ['LOG'] }, 'unknown flag'],
  [
    'both kinds of architectures',
    {
      defaultAction: 'SCMP_ACT_ALLOW',
      architectures: ['SCMP_ARCH_X86'],
      archMap: [{ architecture: 'SCMP_ARCH_X86_64' }],
    },
    'only one',
  ],
] as [string, unknown, string][]) {
  test(`${what} is refused with the place`, () => {
    let thrown: unknown;
    try {
      parse(value);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(WherryError);
    expect(thrown).toMatchObject({ code: 'E_SECCOMP_PROFILE', exitCode: 1 });
    expect(String(thrown)).toContain('my.json');
    expect(String(thrown)).toContain(problem);
  });
}
