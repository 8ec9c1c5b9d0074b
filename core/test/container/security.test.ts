import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseSecurityOptions } from '../../src/container/security.ts';

it('confines by default, and not a privileged container', () => {
  expect(parseSecurityOptions([], false)).toEqual({ noNewPrivileges: false, seccomp: 'default' });
  expect(parseSecurityOptions([], true)).toEqual({ noNewPrivileges: false, seccomp: 'unconfined' });
});

it.each([
  ['no-new-privileges', true],
  ['no-new-privileges=true', true],
  ['no-new-privileges:true', true],
  ['no-new-privileges=false', false],
] as const)('%s', (option, noNewPrivileges) => {
  expect(parseSecurityOptions([option], false)).toMatchObject({ noNewPrivileges });
});

it('keeps the profile of a file with the container', () => {
  const directory = mkdtempSync(join(tmpdir(), 'wherry-security-'));
  try {
    const path = join(directory, 'profile.json');
    writeFileSync(path, '{"defaultAction":"SCMP_ACT_ALLOW"}');
    expect(parseSecurityOptions([`seccomp=${path}`], true).seccomp).toEqual({
      profile: '{"defaultAction":"SCMP_ACT_ALLOW"}',
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
});

it('says which profile it cannot read', () => {
  expect(() => parseSecurityOptions(['seccomp=/nowhere/p.json'], false)).toThrow(
    expect.objectContaining({
      code: 'E_SECCOMP_PROFILE',
      message: expect.stringContaining('/nowhere/p.json'),
    }),
  );
});

it('takes profiles of AppArmor and labels as far as the kernel has them', () => {
  const parse = (options: readonly string[], on: boolean) =>
    parseSecurityOptions(options, false, { selinux: on, apparmor: on });
  expect(parse(['apparmor=docker-default'], true)).toMatchObject({
    apparmor: 'docker-default',
    labels: ['apparmor=docker-default'],
  });
  expect(parse(['apparmor=docker-default', 'apparmor=unconfined'], true)).not.toHaveProperty('apparmor');
  expect(parse(['apparmor=unconfined', 'label=disable'], false)).toMatchObject({
    labels: ['apparmor=unconfined', 'label=disable'],
  });
  expect(() => parse(['apparmor=docker-default'], false)).toThrow(/AppArmor isn't enabled on this machine/);
  expect(() => parse(['label=type:container_t'], false)).toThrow(/SELinux isn't enabled on this machine/);
  expect(() => parse(['label=type:container_t'], true)).toThrow(/no SELinux labels/);
  expect(() => parse(['label=unconfined'], false)).toThrow();
});

it.each([
  ['apparmor=x', 1],
  ['nosuch=x', 1],
  ['no-new-privileges=maybe', 1],
  ['seccomp', 125],
  ['seccomp=', 125],
  ['', 125],
])('refuses %j', (option, exitCode) => {
  expect(() => parseSecurityOptions([option], false)).toThrow(
    expect.objectContaining({ code: 'E_SECURITY_OPT', exitCode }),
  );
});

it('reads a seccomp profile when it is named', () => {
  const refuses = (file: string, message: RegExp) =>
    expect(() => parseSecurityOptions([`seccomp=${file}`], false)).toThrow(
      expect.objectContaining({
        code: 'E_SECCOMP_PROFILE',
        exitCode: 125,
        message: expect.stringMatching(message),
      }),
    );
  refuses('/nosuch', /^opening seccomp profile \(\/nosuch\) failed: /);
  refuses('/etc/passwd', /^compacting json for seccomp profile \(\/etc\/passwd\) failed: /);
});
