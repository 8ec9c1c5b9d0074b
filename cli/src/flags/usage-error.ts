import { EXIT, WherryError } from '@wherry/core/errors';

/**
 * A command line that can't be read, in the words of Docker's CLI. A flag that is wrong ends with 125 in every command
 * and a wrong number of words with 1: Docker's statuses.
 */
export function usageError(
  command: string,
  sentence: string,
  { suggestion, exitCode = EXIT.failure }: { readonly suggestion?: string; readonly exitCode?: number } = {},
): WherryError {
  const help = `See 'wherry ${command === '' ? '' : `${command} `}--help'.`;
  return new WherryError(sentence, {
    code: 'E_USAGE',
    hint: suggestion === undefined ? help : `Did you mean ${suggestion}? ${help}`,
    exitCode,
  });
}

export function flagError(command: string, sentence: string, suggestion?: string): WherryError {
  return usageError(command, sentence, {
    ...(suggestion === undefined ? {} : { suggestion }),
    exitCode: EXIT.engine,
  });
}
