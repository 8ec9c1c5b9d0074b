import { readFileSync } from 'node:fs';
import { misread, refusedFlags } from '@wherry/core/argument';
import type { WherryError } from '@wherry/core/errors';
import { systemWords } from '@wherry/core/system-error';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * `--env-file` and `-e` in Docker's order: files first. `NAME` alone takes the caller's value and is left out when
 * there is none.
 *
 * @throws WherryError `E_ENVIRONMENT`
 */
export function environment(
  files: readonly string[],
  words: readonly string[],
  caller: Environment,
): string[] {
  const lines = files.flatMap((file) => readEnvironmentFile(file));
  return [...lines, ...words].flatMap((line) => {
    const equals = line.indexOf('=');
    if (equals === 0 || line === '')
      throw misread({
        flag: '-e, --env',
        value: line,
        reason: `invalid environment variable: ${line}`,
        hint: HINT,
        code: 'E_ENVIRONMENT',
      });
    if (equals > 0) return [line];
    const value = caller[line];
    return value === undefined ? [] : [`${line}=${value}`];
  });
}

/** Lines of an `--env-file` or `--label-file`, without comments and empty ones; Docker keeps quotes as they are. */
export function readEnvironmentFile(file: string, flag = '--env-file'): string[] {
  return parseEnvironmentFile(readText(file, flag), file);
}

export function parseEnvironmentFile(text: string, file: string): string[] {
  return text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((line) => line.trimStart())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const name = line.split('=', 1)[0] ?? '';
      if (name === '') throw invalid(`invalid env file (${file}): no variable name on line '${line}'`);
      if (/\s/.test(name))
        throw invalid(`invalid env file (${file}): variable '${name}' contains whitespaces`);
      return line;
    });
}

function readText(file: string, flag: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const hint = `Give ${flag} a text file with one NAME=VALUE a line.`;
    const unread = (cause as NodeJS.ErrnoException).code === 'EISDIR';
    const sentence = unread ? `invalid env file (${file}): read ${file}: is a directory` : systemWords(cause);
    throw refusedFlags(sentence, hint, 'E_ENVIRONMENT');
  }
}

const HINT = 'Variables are written NAME=VALUE, or NAME for the value that it has here.';

function invalid(sentence: string): WherryError {
  return refusedFlags(sentence, HINT, 'E_ENVIRONMENT');
}
