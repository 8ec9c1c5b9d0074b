/**
 * The fields of one line of comma-separated values (RFC 4180), as `--mount` takes them: a field in double quotes may hold
 * commas, and `""` for a quote. Undefined when the quotes don't match.
 */
export function parseCsvLine(line: string): readonly string[] | undefined {
  const fields: string[] = [];
  let rest = line;
  for (;;) {
    const match = rest.startsWith('"')
      ? /^"((?:[^"]|"")*)"(?=,|$)/.exec(rest)
      : /^([^",\r\n]*)(?=,|$)/.exec(rest);
    if (match === null) return undefined;
    fields.push((match[1] ?? '').replaceAll('""', '"'));
    rest = rest.slice(match[0].length);
    if (rest === '') return fields;
    rest = rest.slice(1);
  }
}
