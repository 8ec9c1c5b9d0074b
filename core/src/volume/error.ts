import { WherryError } from '../errors/error.ts';

/** What a command line says of mounts and can't be had; nothing has been created. */
export function mountError(
  code: `E_${string}`,
  sentence: string,
  hint: string,
  cause?: unknown,
): WherryError {
  return new WherryError(sentence, { code, hint, cause });
}
