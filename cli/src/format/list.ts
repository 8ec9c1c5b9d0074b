import { layOut, layOutCells } from '../table.ts';

export const LIST_FORMAT_SUMMARY =
  "Format output using a custom template: 'table': table with column headers (default); 'table TEMPLATE': table by a Go template; 'json': a JSON object a line; 'TEMPLATE': a line by a Go template";

export interface ListFormat<T> {
  /** Headers by field, as `--format 'table {{.ID}}'` shows them. */
  readonly headers: Readonly<Record<string, string>>;
  /** Default columns. */
  readonly columns: readonly string[];
  /** What `--format raw` names each field that it shows, where Docker knows that form. */
  readonly raw?: Readonly<Record<string, string>>;
  /**
   * What a template sees of an item; functions are methods. Of fields that take time to make, those that aren't wanted may be
   * left out.
   */
  readonly fields: (item: T, wanted: (field: string) => boolean) => Readonly<Record<string, unknown>>;
}

export interface ListRequest<T> {
  readonly items: readonly T[];
  /** `--format`. */
  readonly format: string | undefined;
  /** `--quiet`: this field alone. */
  readonly quiet: string | undefined;
}

/**
 * Lines for a list of objects as Docker's `--format` and `-q` give them; no line at the end. The default table needs no
 * template, so the template's code is loaded only for one.
 *
 * @throws WherryError `E_TEMPLATE`
 */
export async function renderList<T>(
  { headers, columns, fields, raw }: ListFormat<T>,
  request: ListRequest<T>,
): Promise<string> {
  const format = request.format ?? 'table';
  const { quiet } = request;
  if (quiet !== undefined && (format === 'table' || format.startsWith('table '))) {
    const wanted = (field: string) => field === quiet;
    return request.items.map((item) => String(fields(item, wanted)[quiet])).join('\n');
  }
  if (format === 'table') {
    const shown = new Set(columns);
    const wanted = (field: string) => shown.has(field);
    const lines = [columns.map((column) => String(headers[column]))];
    for (const item of request.items) {
      const each = fields(item, wanted);
      lines.push(columns.map((column) => String(each[column])));
    }
    return layOutCells(lines);
  }
  const rows = request.items.map((item) => fields(item, () => true));
  if (format === 'raw' && raw !== undefined) {
    const lines = (each: Readonly<Record<string, unknown>>) =>
      Object.entries(raw).map(([name, field]) => `${name}: ${String(each[field])}\n`);
    return rows.map((each) => lines(each).join('')).join('\n');
  }
  const { compileTemplate, goJson, row } = await import('./template/template.ts');
  if (format === 'json') return rows.map((each) => goJson(sorted(each))).join('\n');
  const table = /^table\s+/.exec(format)?.[0];
  const template = compileTemplate(
    unescapeControls(table === undefined ? format : format.slice(table.length)),
  );
  const lines = rows.map((each) => template(row(sorted(each))));
  if (table === undefined) return lines.join('\n');
  const methods = { Label: (name: string) => name.toUpperCase() };
  return layOut([template(row({ ...headers, ...methods })), ...lines]);
}

/** In a shell's single quotes `\t` and `\n` are two characters; Docker turns them into what they mean. */
function unescapeControls(template: string): string {
  return template.replace(/\\([tn])/g, (_, code: string) => (code === 't' ? '\t' : '\n'));
}

/** Go writes maps by key. */
function sorted(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)));
}
