import type { FlagInput } from '@oclif/core/interfaces';
import { nearest } from './suggest.ts';
import { flagError } from './usage-error.ts';

export type FlagValue = boolean | string | number | string[];

export interface ParseRequest {
  /** Words of the command as the user typed them, for messages. */
  readonly command: string;
  readonly argv: readonly string[];
  readonly flags: FlagInput;
  /** False where flags end at the first positional word, as for `docker run IMAGE COMMAND -x`. */
  readonly interspersed: boolean;
}

export interface Parsed {
  readonly flags: Readonly<Record<string, FlagValue>>;
  readonly positionals: string[];
}

type Flag = FlagInput[string];

/**
 * Docker's way to read flags (spf13/pflag, POSIX and GNU): `-itd`, `-eA=b`, `-e=A=b`, `--name=x`, `--name x`,
 * `--rm=false`, `--`. oclif's own parser takes a value that looks like a flag for a flag, sorts what follows the image by
 * first occurrence (`ls a ls` becomes `ls ls a`) and knows no `=false`, so commands declare flags with oclif's `Flags`
 * and have them read here. A flag whose `helpValue` is `int` or `uint16` holds a number; `multiple` flags collect.
 *
 * @throws WherryError `E_USAGE`
 */
export function parseFlags({ command, argv, flags, interspersed }: ParseRequest): Parsed {
  const values: Record<string, FlagValue> = defaults(flags);
  const positionals: string[] = [];
  const rest = [...argv];

  const take = (
    name: string,
    flag: Flag,
    spelled: string,
    attached: string | undefined,
    context: string,
  ): void => {
    if (flag.type === 'boolean') {
      values[name] = attached === undefined || toBoolean(command, spelled, attached);
      return;
    }
    const value = attached ?? rest.shift();
    if (value === undefined) throw flagError(command, `flag needs an argument: ${context}`);
    if (flag.options !== undefined && !flag.options.includes(value)) {
      const choice = `must be one of ${flag.options.join(', ')}`;
      throw flagError(command, `invalid argument "${value}" for "${spelled}" flag: ${choice}`);
    }
    if (flag.multiple === true) {
      const list = values[name];
      values[name] = [...(Array.isArray(list) ? list : []), value];
    } else {
      const kind = flag.helpValue;
      values[name] = kind === 'int' || kind === 'uint16' ? toInteger(command, spelled, value, kind) : value;
    }
  };

  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--') {
      positionals.push(...rest);
      break;
    }
    if (word.startsWith('--')) long(word);
    else if (word.startsWith('-') && word !== '-') shorts(word);
    else {
      positionals.push(word);
      if (interspersed) continue;
      positionals.push(...rest);
      break;
    }
  }
  return { flags: values, positionals };

  function long(word: string): void {
    const equals = word.indexOf('=');
    const name = equals === -1 ? word.slice(2) : word.slice(2, equals);
    if (name === '' || name.startsWith('-')) throw flagError(command, `bad flag syntax: ${word}`);
    const found = findLong(flags, name);
    if (found === undefined) {
      const near = nearest(name, longNames(flags));
      throw flagError(command, `unknown flag: --${name}`, near === undefined ? undefined : `--${near}`);
    }
    take(found[0], found[1], display(found), equals === -1 ? undefined : word.slice(equals + 1), `--${name}`);
  }

  function shorts(word: string): void {
    for (let index = 1; index < word.length; index++) {
      const char = word[index] ?? '';
      const found = Object.entries(flags).find(([, flag]) => flag.char === char);
      if (found === undefined) throw flagError(command, `unknown shorthand flag: '${char}' in ${word}`);
      const [name, flag] = found;
      const after = word.slice(index + 1);
      const context = `'${char}' in ${word}`;
      const alone = flag.type === 'boolean' && !after.startsWith('=');
      const attached = alone || after === '' ? undefined : after.replace(/^=/, '');
      take(name, flag, display(found), attached, context);
      if (!alone) break;
    }
  }
}

function defaults(flags: FlagInput): Record<string, FlagValue> {
  const values: Record<string, FlagValue> = {};
  for (const [name, flag] of Object.entries(flags)) {
    if (flag.type === 'boolean') values[name] = flag.default === true;
    else if (typeof flag.default === 'string' || typeof flag.default === 'number')
      values[name] = flag.default;
  }
  return values;
}

function findLong(flags: FlagInput, name: string): [string, Flag] | undefined {
  return Object.entries(flags).find(([own, flag]) => own === name || flag.aliases?.includes(name));
}

function longNames(flags: FlagInput): string[] {
  return Object.entries(flags)
    .filter(([, flag]) => flag.hidden !== true)
    .map(([name]) => name);
}

/** `-t, --time`, as pflag names a flag in its messages. */
function display([name, flag]: [string, Flag]): string {
  return flag.char === undefined ? `--${name}` : `-${flag.char}, --${name}`;
}

function toBoolean(command: string, spelled: string, text: string): boolean {
  if (/^(1|t|T|TRUE|true|True)$/.test(text)) return true;
  if (/^(0|f|F|FALSE|false|False)$/.test(text)) return false;
  throw unreadable(command, spelled, text, 'ParseBool', 'invalid syntax');
}

function toInteger(command: string, spelled: string, text: string, kind: 'int' | 'uint16'): number {
  const signed = kind === 'int';
  const value = (signed ? /^[+-]?\d+$/ : /^\d+$/).test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value)) return value;
  const reason = Number.isNaN(value) ? 'invalid syntax' : 'value out of range';
  throw unreadable(command, spelled, text, signed ? 'ParseInt' : 'ParseUint', reason);
}

/** As Go's strconv says it. */
function unreadable(command: string, spelled: string, text: string, parser: string, reason: string): Error {
  const value = JSON.stringify(text);
  const fault = `strconv.${parser}: parsing ${value}: ${reason}`;
  return flagError(command, `invalid argument ${value} for "${spelled}" flag: ${fault}`);
}
