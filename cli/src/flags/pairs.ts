import { misread } from '@wherry/core/argument';
import { WherryError } from '@wherry/core/errors';

/** `-l KEY[=VALUE]`. @throws WherryError `E_OPTION` */
export function labels(words: readonly string[], flag = '--label'): Record<string, string> {
  return Object.fromEntries(
    words.map((word) => {
      const [key, value] = split(word);
      if (key === '') {
        const reason = `invalid label '${word}': empty name`;
        throw misread({ flag, value: word, reason, hint: HINT });
      }
      return [key, value ?? ''];
    }),
  );
}

/** `--log-opt KEY=VALUE`. @throws WherryError `E_OPTION` */
export function logOptions(words: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    words.map((word) => {
      const [key, value] = split(word);
      if (key === '' || value === undefined) throw invalid(`invalid logging option '${word}'`);
      return [key, value];
    }),
  );
}

/** `volume create -o KEY=VALUE`. @throws WherryError `E_OPTION` */
export function driverOptions(words: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    words.map((word) => {
      const [key, value] = split(word);
      if (key === '' || value === undefined) throw invalid(`invalid option '${word}'`);
      return [key, value];
    }),
  );
}

function split(word: string): [string, string | undefined] {
  const equals = word.indexOf('=');
  return equals === -1 ? [word, undefined] : [word.slice(0, equals), word.slice(equals + 1)];
}

const HINT = 'Write it as NAME=VALUE.';

function invalid(sentence: string): WherryError {
  return new WherryError(sentence, { code: 'E_OPTION', hint: HINT });
}
