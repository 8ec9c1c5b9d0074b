import { utcTime } from '../container/time.ts';

const UTC = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?Z$/;

/**
 * Brings an RFC 3339 time into one form, UTC with nine digits after the point, so that times compare as strings.
 * @returns undefined when the text is no such time.
 */
export function sortableTime(text: string): string | undefined {
  const match = UTC.exec(text);
  if (match !== null) return `${match[1]}.${(match[2] ?? '').padEnd(9, '0')}Z`;
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) return undefined;
  const whole = utcTime(ms).slice(0, 19);
  const fraction = /\.(\d{1,9})/.exec(text)?.[1] ?? '';
  return `${whole}.${fraction.padEnd(9, '0')}Z`;
}
