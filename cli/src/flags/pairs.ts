import { WherryError } from '@wherry/core/errors';

/** `-l KEY[=VALUE]`. */
export function labels(words: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    words.map((word) => {
      const [key, value] = split(word);
      if (key === '') throw invalid(`invalid label '${word}': empty name`);
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

function invalid(sentence: string): WherryError {
  return new WherryError(sentence, { code: 'E_OPTION', hint: 'Write it as NAME=VALUE.', exitCode: 125 });
}
