import { durationMs } from '@wherry/core/duration';
import { WherryError } from '@wherry/core/errors';

/**
 * A moment as `--since` and `--until` take it: RFC 3339 (with the time, the seconds and the zone optional; the local zone
 * when there is none), seconds since 1970 (with a fraction), or a Go duration before `now`. Answers in RFC 3339, UTC.
 *
 * @throws WherryError `E_TIME`
 */
export function parseMoment(text: string, now: number): string {
  const duration = durationMs(text);
  if (duration !== undefined) return new Date(now - duration).toISOString();
  const seconds = /^(\d+)(?:\.(\d{1,9}))?$/.exec(text);
  if (seconds !== null) {
    const [, whole = '0', fraction = ''] = seconds;
    return `${new Date(Number(whole) * 1000).toISOString().slice(0, 19)}.${fraction.padEnd(9, '0')}Z`;
  }
  const date = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d)(?::(\d\d(?:\.\d{1,9})?))?)?(Z|[+-]\d\d:\d\d)?$/.exec(text);
  const [, day, minutes = '00:00', rest = '00', zone = ''] = date ?? [];
  const [whole = '00', fraction] = rest.split('.');
  const parsed = new Date(`${day}T${minutes}:${whole}${zone}`);
  if (date === null || Number.isNaN(parsed.getTime())) throw invalid(text);
  const base = parsed.toISOString().slice(0, 19);
  return fraction === undefined ? `${base}Z` : `${base}.${fraction.padEnd(9, '0')}Z`;
}

function invalid(text: string): WherryError {
  return new WherryError(`'${text}' is not a time`, {
    code: 'E_TIME',
    hint: 'Write it as 2026-11-21T13:23:37Z, as seconds since 1970, or as a duration back from now, e.g. 42m.',
  });
}
