import { WherryError } from '@wherry/core/errors';

export const FORMAT_SUMMARY =
  "Format output using a custom template: 'json': print in JSON format; 'TEMPLATE': print output using the given Go template";

/** Docker's status for a template that can't be read, of what shows one object. */
const UNREADABLE = 64;

/**
 * What `--format` makes of one object: `json`, or a Go template. The template's code is loaded when there is one.
 *
 * @throws WherryError `E_TEMPLATE`
 */
export async function compileOne(format: string): Promise<(data: unknown) => string> {
  const { goJson, compileTemplate } = await import('./template/template.ts');
  if (format === 'json') return goJson;
  try {
    return compileTemplate(format);
  } catch (error) {
    if (!(error instanceof WherryError)) throw error;
    throw new WherryError(error.message, {
      code: error.code,
      hint: error.hint,
      exitCode: UNREADABLE,
      cause: error.cause,
    });
  }
}

/** One object by `--format`. @throws WherryError `E_TEMPLATE` */
export async function renderOne(format: string, data: unknown): Promise<string> {
  return (await compileOne(format))(data);
}
