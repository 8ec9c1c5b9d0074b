import { WherryError } from '@wherry/core/errors';

/** A template that can't be read or doesn't fit its data. */
export function templateError(sentence: string): WherryError {
  return new WherryError(`template parsing error: ${sentence}`, {
    code: 'E_TEMPLATE',
    hint: "Fields are written {{.Name}}; '{{json .}}' shows all there are.",
  });
}
