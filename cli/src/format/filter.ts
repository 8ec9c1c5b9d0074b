import { WherryError } from '@wherry/core/errors';

export type Filters = ReadonlyMap<string, readonly string[]>;

/** `--filter NAME=VALUE`, repeatable. @throws WherryError `E_FILTER` for a name that isn't one of `known` */
export function parseFilters(words: readonly string[], known: readonly string[]): Filters {
  const filters = new Map<string, string[]>();
  for (const word of words) {
    const equals = word.indexOf('=');
    const name = word
      .slice(0, equals === -1 ? undefined : equals)
      .trim()
      .toLowerCase();
    if (equals === -1)
      throw filterError(
        `invalid argument "${word}" for "-f, --filter" flag: invalid filter '${word}'`,
        known,
      );
    if (!known.includes(name)) throw filterError(`invalid filter '${name}'`, known);
    filters.set(name, [...(filters.get(name) ?? []), word.slice(equals + 1).trim()]);
  }
  return filters;
}

export function filterError(sentence: string, known: readonly string[]): WherryError {
  return new WherryError(sentence, {
    code: 'E_FILTER',
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
