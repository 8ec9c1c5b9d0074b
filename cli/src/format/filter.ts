import { EXIT, WherryError } from '@wherry/core/errors';

export type Filters = ReadonlyMap<string, readonly string[]>;

/** How most commands name their flag; those that prune have `-f` for something else. */
const FLAG = '-f, --filter';
export const PRUNE_FLAG = '--filter';

/**
 * `--filter NAME=VALUE`, repeatable.
 * @param flag as messages name it
 * @throws WherryError `E_FILTER` for a name that isn't one of `known`, and, with Docker's status of a wrong flag, without a value
 */
export function parseFilters(words: readonly string[], known: readonly string[], flag = FLAG): Filters {
  const filters = new Map<string, string[]>();
  for (const word of words) {
    const equals = word.indexOf('=');
    const name = word
      .slice(0, equals === -1 ? undefined : equals)
      .trim()
      .toLowerCase();
    if (equals === -1) {
      const reason = 'bad format of filter (expected name=value)';
      throw filterError(`invalid argument "${word}" for "${flag}" flag: ${reason}`, known, EXIT.engine);
    }
    if (!known.includes(name)) throw filterError(`invalid filter '${name}'`, known);
    filters.set(name, [...(filters.get(name) ?? []), word.slice(equals + 1).trim()]);
  }
  return filters;
}

export function filterError(
  sentence: string,
  known: readonly string[],
  exitCode: number = EXIT.failure,
): WherryError {
  return new WherryError(sentence, {
    code: 'E_FILTER',
    exitCode,
    hint: `Filters are written NAME=VALUE; names are ${known.join(', ')}.`,
  });
}

/** Whether one of a filter's values fits; a filter that wasn't given fits everything. */
export function anyOf(filters: Filters, name: string, fits: (value: string) => boolean): boolean {
  return filters.get(name)?.some(fits) ?? true;
}

/** `label=KEY` or `label=KEY=VALUE`; all that are given must hold. */
export function labelsFit(filters: Filters, labels: Readonly<Record<string, string>>): boolean {
  return (filters.get('label') ?? []).every((wanted) => {
    const equals = wanted.indexOf('=');
    if (equals === -1) return Object.hasOwn(labels, wanted);
    return labels[wanted.slice(0, equals)] === wanted.slice(equals + 1);
  });
}
