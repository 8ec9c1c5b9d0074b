import { WherryError } from '../errors/error.ts';
import type { DriverInfo, KeyValue, OptionInfo, OptionType } from './contract.ts';
import { nameOf } from './failure.ts';

const FORMS: Readonly<Record<OptionType, { readonly pattern: RegExp; readonly words: string }>> = {
  text: { pattern: /^[^\0]*$/, words: 'text' },
  number: { pattern: /^\d{1,10}$/, words: 'a whole number' },
  boolean: { pattern: /^(?:true|false)$/, words: 'true or false' },
  size: {
    pattern: /^(?:-1|\d{1,15}(?:\.\d+)? ?(?:[kmgtp]i?b?|b)?)$/i,
    words: 'a size such as 10m, or -1 for no limit',
  },
  duration: { pattern: /^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$/, words: 'a duration such as 30s' },
};

/**
 * Refuses an option that the driver doesn't list, or whose value isn't of its type, before the driver is called.
 * @throws WherryError `E_DRIVER_OPTION`
 */
export function checkOptions(info: DriverInfo, options: readonly KeyValue[]): void {
  for (const { key, value } of options) {
    const option = info.options.find((candidate) => candidate.name === key);
    if (option === undefined) {
      throw new WherryError(unknown(info, key), {
        code: 'E_DRIVER_OPTION',
        hint: hintOf(info.options),
      });
    }
    const { pattern, words } = FORMS[option.kind];
    if (!pattern.test(value)) {
      throw new WherryError(`option ${key} of ${nameOf(info)} is ${words}, not ${JSON.stringify(value)}`, {
        code: 'E_DRIVER_OPTION',
        hint: option.help,
      });
    }
  }
}

/** Of a log driver as Docker says it. */
function unknown(info: DriverInfo, key: string): string {
  if (info.kind === 'log') return `unknown log opt '${key}' for ${info.name} log driver`;
  return `${nameOf(info)} has no option ${JSON.stringify(key)}`;
}

function hintOf(options: readonly OptionInfo[]): string {
  if (options.length === 0) return 'It takes no options.';
  return `It takes ${options.map((option) => option.name).join(', ')}.`;
}

/** The options that a request of any kind carries. */
export function optionsOf(args: readonly unknown[]): readonly KeyValue[] {
  return args.flatMap((arg) => {
    if (typeof arg !== 'object' || arg === null) return [];
    const { options, network } = arg as {
      options?: readonly KeyValue[];
      network?: { options: readonly KeyValue[] };
    };
    return options ?? network?.options ?? [];
  });
}
