export const FORMAT_SUMMARY =
  "Format output using a custom template: 'json': print in JSON format; 'TEMPLATE': print output using the given Go template";

/**
 * One object by `--format`: `json`, or a Go template. The template's code is loaded when there is one.
 *
 * @throws WherryError `E_TEMPLATE`
 */
export async function renderOne(format: string, data: unknown): Promise<string> {
  const { goJson, renderTemplate } = await import('./template/template.ts');
  return format === 'json' ? goJson(data) : renderTemplate(format, data);
}
