import { WherryError } from '../errors/error.ts';

/** A `--userns` that can't be had. */
export function usernsError(sentence: string, hint: string): WherryError {
  return new WherryError(sentence, { code: 'E_USERNS', hint });
}
