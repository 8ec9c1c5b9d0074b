import { EXIT, WherryError } from './error.ts';

export interface MisreadOptions {
  /** As pflag names it in messages: `-m, --memory`. */
  readonly flag: string;
  /** What was given. */
  readonly value: string;
  readonly reason: string;
  readonly hint: string;
  readonly code?: `E_${string}`;
}

/**
 * A flag whose value can't be read, in the words of Docker's client. It ends with 125 in every command, `create` and `update`
 * too; what the client can read and its daemon refuses is an ordinary failure, which `run` alone turns into 125.
 */
export function misread({ flag, value, reason, hint, code = 'E_OPTION' }: MisreadOptions): WherryError {
  const sentence = `invalid argument ${quoted(value)} for "${flag}" flag: ${reason}`;
  return new WherryError(sentence, { code, hint, exitCode: EXIT.engine });
}

/** What Docker's client refuses once it has read all flags: some that don't go with each other, or a value by its form. */
export function refusedFlags(sentence: string, hint: string, code: `E_${string}` = 'E_OPTION'): WherryError {
  return new WherryError(sentence, { code, hint, exitCode: EXIT.engine });
}

/** As Go's %q has it, for what a command line may hold. */
const quoted = (text: string): string => JSON.stringify(text);
