/** The last time that was put into its form: lines of one moment share it. */
let last = { time: '', fixed: '' };

/** A time (RFC 3339, UTC) with nine digits of seconds, so that lines of all drivers stand in columns, as Docker prints it. */
export function fixedTime(time: string): string {
  if (time === last.time) return last.fixed;
  const [, whole, digits = ''] = /^([^.]{19})(?:\.(\d+))?Z$/.exec(time) ?? [];
  const fixed = whole === undefined ? time : `${whole}.${digits.slice(0, 9).padEnd(9, '0')}Z`;
  last = { time, fixed };
  return fixed;
}

/** What a log driver keeps beside a line, as `key=value` with commas between, by key. */
export function detailText(attributes: Readonly<Record<string, string>> = {}): string {
  return Object.entries(attributes)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${queryEscape(key)}=${queryEscape(value)}`)
    .join(',');
}

/** As Go's url.QueryEscape. */
function queryEscape(text: string): string {
  return encodeURIComponent(text)
    .replaceAll('%20', '+')
    .replaceAll(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}
