import { existsSync, readFileSync } from 'node:fs';
import { refusedFlags } from '../errors/argument.ts';
import { WherryError } from '../errors/error.ts';
import { systemWords } from '../errors/system-error.ts';
import type { SecurityOptions } from './record.ts';

/**
 * Reads `--security-opt`. A seccomp profile is read now and kept with the container, as Docker does.
 * @throws WherryError `E_SECURITY_OPT`, `E_SECCOMP_PROFILE`
 */
export function parseSecurityOptions(
  options: readonly string[],
  privileged: boolean,
  kernel: SecurityModules = securityModules(),
): SecurityOptions {
  let noNewPrivileges = false;
  // As in Docker, --privileged leaves seccomp off unless a profile is given.
  let seccomp: SecurityOptions['seccomp'] = privileged ? 'unconfined' : 'default';
  const mask: string[] = [];
  const unmask: string[] = [];
  const labels: string[] = [];
  let apparmor: string | undefined;
  for (const option of options) {
    const [key = '', value] = splitOption(option);
    if (key === 'no-new-privileges') noNewPrivileges = parseBoolean(option, value);
    else if (value === undefined || value === '') throw unreadable(option);
    else if (key === 'seccomp') seccomp = parseSeccomp(value);
    else if (key === 'mask') mask.push(...paths(option, value));
    else if (key === 'unmask')
      unmask.push(...(value.toUpperCase() === 'ALL' ? ['ALL'] : paths(option, value)));
    else if (key === 'systempaths' && value === 'unconfined') unmask.push('ALL');
    else if (key === 'label' || key === 'apparmor') {
      labels.push(checkLabel(key, value, kernel));
      // Without a profile for this one: as for seccomp, the last word holds.
      if (key === 'apparmor') apparmor = value === 'unconfined' ? undefined : value;
    } else throw invalid(option);
  }
  return {
    noNewPrivileges,
    seccomp,
    ...(mask.length === 0 ? {} : { mask }),
    ...(unmask.length === 0 ? {} : { unmask }),
    ...(labels.length === 0 ? {} : { labels }),
    ...(apparmor === undefined ? {} : { apparmor }),
  };
}

/** Which security modules of the kernel are on. */
export interface SecurityModules {
  readonly selinux: boolean;
  readonly apparmor: boolean;
}

function securityModules(): SecurityModules {
  return {
    selinux: existsSync('/sys/fs/selinux/enforce'),
    // The directory in securityfs can't be looked into everywhere.
    apparmor: readOptional('/sys/module/apparmor/parameters/enabled')?.startsWith('Y') === true,
  };
}

function readOptional(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/**
 * Labels that aren't taken are no loss: nothing is labelled then. One that is asked for by name is. Whether a profile of AppArmor is
 * loaded, and the caller may change to it, the kernel says at the start.
 */
function checkLabel(key: 'label' | 'apparmor', value: string, kernel: SecurityModules): string {
  const option = `${key}=${value}`;
  if (value === (key === 'label' ? 'disable' : 'unconfined')) return option;
  if (key === 'apparmor' && kernel.apparmor) return option;
  const [name, on] = key === 'label' ? ['SELinux', kernel.selinux] : ['AppArmor', kernel.apparmor];
  throw new WherryError(
    on
      ? `--security-opt ${option}: Wherry gives containers no SELinux labels, which all files of a root would need, too; they have the caller's.`
      : `--security-opt ${option}: ${name} isn't enabled on this machine.`,
    {
      code: 'E_SECURITY_OPT',
      hint: `Leave it out; ${key}=${key === 'label' ? 'disable' : 'unconfined'} is how it is.`,
    },
  );
}

/** Absolute paths with colons between them, as podman takes them. */
function paths(option: string, value: string): readonly string[] {
  const list = value.split(':');
  if (list.every((path) => path.startsWith('/'))) return list;
  throw invalid(option);
}

/** `key=value`, and `key:value` as of old. */
function splitOption(option: string): readonly [string, string | undefined] {
  const at = option.search(/[=:]/);
  return at < 0 ? [option, undefined] : [option.slice(0, at), option.slice(at + 1)];
}

function parseBoolean(option: string, value: string | undefined): boolean {
  if (value === undefined || value === 'true') return true;
  if (value === 'false') return false;
  throw invalid(option);
}

function parseSeccomp(value: string): SecurityOptions['seccomp'] {
  if (value === 'unconfined') return 'unconfined';
  if (value === 'builtin' || value === 'default') return 'default';
  const profile = reading(`opening seccomp profile (${value}) failed`, () => readFileSync(value, 'utf8'));
  reading(`compacting json for seccomp profile (${value}) failed`, () => JSON.parse(profile));
  return { profile };
}

/** A profile is the client's to read, in Docker. */
function reading<T>(failure: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const hint = 'Give the path of a profile in JSON, or "unconfined".';
    throw refusedFlags(`${failure}: ${systemWords(cause)}`, hint, 'E_SECCOMP_PROFILE');
  }
}

const HINT =
  'There are no-new-privileges[=true|false], seccomp=FILE|unconfined, mask=PATH[:PATH], unmask=ALL|PATH[:PATH], systempaths=unconfined, label=disable and apparmor=PROFILE|unconfined.';

function unreadable(option: string): WherryError {
  return refusedFlags(`Invalid --security-opt: ${JSON.stringify(option)}`, HINT, 'E_SECURITY_OPT');
}

function invalid(option: string): WherryError {
  return new WherryError(`invalid --security-opt 2: ${JSON.stringify(option)}`, {
    code: 'E_SECURITY_OPT',
    hint: HINT,
  });
}
