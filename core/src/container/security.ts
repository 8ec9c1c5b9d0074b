import { existsSync, readFileSync } from 'node:fs';
import { EXIT, WherryError } from '../errors/error.ts';
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
    else if (value === undefined || value === '') throw invalid(option);
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
      exitCode: EXIT.engine,
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
  try {
    return { profile: readFileSync(value, 'utf8') };
  } catch (cause) {
    throw new WherryError(`The seccomp profile ${value} can't be read: ${(cause as Error).message}.`, {
      code: 'E_SECCOMP_PROFILE',
      hint: 'Give the path of a profile in JSON, or "unconfined".',
      exitCode: EXIT.engine,
      cause,
    });
  }
}

function invalid(option: string): WherryError {
  return new WherryError(`Invalid --security-opt: ${JSON.stringify(option)}.`, {
    code: 'E_SECURITY_OPT',
    hint: 'There are no-new-privileges[=true|false], seccomp=FILE|unconfined, mask=PATH[:PATH], unmask=ALL|PATH[:PATH], systempaths=unconfined, label=disable and apparmor=PROFILE|unconfined.',
    exitCode: EXIT.engine,
  });
}
