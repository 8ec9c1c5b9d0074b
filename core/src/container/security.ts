import { readFileSync } from 'node:fs';
import { EXIT, WherryError } from '../errors/error.ts';
import type { SecurityOptions } from './record.ts';

/**
 * Reads `--security-opt`. A seccomp profile is read now and kept with the container, as Docker does.
 * @throws WherryError `E_SECURITY_OPT`, `E_SECCOMP_PROFILE`
 */
export function parseSecurityOptions(options: readonly string[], privileged: boolean): SecurityOptions {
  let noNewPrivileges = false;
  // As in Docker, --privileged leaves seccomp off unless a profile is given.
  let seccomp: SecurityOptions['seccomp'] = privileged ? 'unconfined' : 'default';
  for (const option of options) {
    const [key = '', value] = splitOption(option);
    if (key === 'no-new-privileges') noNewPrivileges = parseBoolean(option, value);
    else if (key === 'seccomp' && value !== undefined && value !== '') seccomp = parseSeccomp(value);
    else throw invalid(option);
  }
  return { noNewPrivileges, seccomp };
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
    hint: 'no-new-privileges[=true|false], seccomp=FILE and seccomp=unconfined are understood.',
    exitCode: EXIT.engine,
  });
}
