import type { LogsOptions } from '../api.ts';
import { sortableTime } from './time.ts';

/** Where a time (RFC 3339) lies of the period that is asked for; one that can't be read lies within. */
export function timeFilter({ since, until }: LogsOptions): (time: string) => 'before' | 'within' | 'after' {
  const from = since === undefined ? undefined : sortableTime(since);
  const to = until === undefined ? undefined : sortableTime(until);
  if (from === undefined && to === undefined) return () => 'within';
  return (time) => {
    const at = sortableTime(time);
    if (at === undefined) return 'within';
    if (from !== undefined && at < from) return 'before';
    return to !== undefined && at > to ? 'after' : 'within';
  };
}
