import { EXIT, WherryError } from '../errors/error.ts';

/** An option's value that can't be. */
export function invalidOption(sentence: string, hint: string): WherryError {
  return new WherryError(sentence, { code: 'E_OPTION', hint, exitCode: EXIT.engine });
}
