import { EXIT, WherryError } from '../errors/error.ts';

/** What a command line says of mounts and can't be meant; nothing has been created. */
export function mountError(
  code: `E_${string}`,
  sentence: string,
  hint: string,
  cause?: unknown,
): WherryError {
  return new WherryError(sentence, { code, hint, exitCode: EXIT.engine, cause });
}
