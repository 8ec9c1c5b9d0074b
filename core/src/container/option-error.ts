import { WherryError } from '../errors/error.ts';

/** An option's value that can be read, and can't be had: what Docker's daemon refuses. */
export function invalidOption(sentence: string, hint: string): WherryError {
  return new WherryError(sentence, { code: 'E_OPTION', hint });
}
