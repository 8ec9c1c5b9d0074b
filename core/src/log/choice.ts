import { WherryError } from '../errors/error.ts';
import type { KeyValue } from '../plugin/contract.ts';

/** Docker's options that choose by a pattern, each with the one that takes names. */
const PATTERNS = { 'labels-regex': 'labels', 'env-regex': 'env' } as const;

export interface Choosable {
  readonly labels: readonly KeyValue[];
  readonly env: readonly KeyValue[];
}

/**
 * Puts the names that `labels-regex` and `env-regex` match behind those of `labels` and `env`, which every driver that
 * carries either takes; drivers have no regular expressions of their own. A pattern for a driver that `takes` no names
 * stays as it is, so that the driver refuses it by its name.
 * @throws WherryError `E_LOG_PATTERN`
 */
export function chooseNames(
  options: Readonly<Record<string, string>>,
  from: Choosable,
  takes: (option: string) => boolean,
): Readonly<Record<string, string>> {
  const chosen: Record<string, string> = { ...options };
  for (const [option, names] of Object.entries(PATTERNS)) {
    const pattern = options[option];
    if (pattern === undefined || !takes(names)) continue;
    delete chosen[option];
    const matched = from[names].map(({ key }) => key).filter(matcher(option, pattern));
    const all = new Set([...(options[names]?.split(',') ?? []), ...matched]);
    if (all.size > 0) chosen[names] = [...all].join(',');
  }
  return chosen;
}

/** Anywhere in the name, as Go's regexp matches; an empty pattern chooses nothing. Flags stand in front: `(?i)web`. */
function matcher(option: string, pattern: string): (name: string) => boolean {
  if (pattern === '') return () => false;
  const [, flags = '', rest = pattern] = /^\(\?([ims]+)\)(.*)$/s.exec(pattern) ?? [];
  try {
    const expression = new RegExp(rest, flags);
    return (name) => expression.test(name);
  } catch (cause) {
    throw new WherryError(`${option} is no regular expression: ${JSON.stringify(pattern)}`, {
      code: 'E_LOG_PATTERN',
      hint: `Give one such as --log-opt ${option}=^(os|customer).`,
      cause,
    });
  }
}
