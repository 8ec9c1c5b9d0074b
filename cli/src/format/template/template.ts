import { execute } from './execute.ts';
import { parseTemplate } from './parse.ts';

export { row } from './execute.ts';
export { goJson } from './print.ts';

/** A function that renders one object; the template is parsed once. @throws WherryError `E_TEMPLATE` */
export function compileTemplate(template: string): (data: unknown) => string {
  const nodes = parseTemplate(template);
  return (data) => execute(nodes, data);
}

export function renderTemplate(template: string, data: unknown): string {
  return compileTemplate(template)(data);
}
