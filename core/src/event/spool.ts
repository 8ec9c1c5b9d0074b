import { readdirSync, readFileSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../store/errno.ts';

/** One line of a monitor (launcher/PROGRAM.md, "Events"). */
export interface SpooledEvent {
  readonly container: string;
  readonly time: string;
  readonly what: string;
  readonly fields: readonly string[];
  /** The file, and the time in it: a monitor uses a name again when its slots are full. */
  readonly source: string;
  readonly path: string;
}

/** What monitors have left since it was last fetched, by time. */
export function readSpool(directory: string): SpooledEvent[] {
  const names = absentIsEmpty(() => readdirSync(directory)) ?? [];
  const found = names.flatMap((name) => {
    const container = /^([0-9a-f]{64})\.[a-z0-9.]+$/.exec(name)?.[1];
    if (container === undefined || name.endsWith('.tmp')) return [];
    const path = join(directory, name);
    const [time, what, ...fields] =
      absentIsEmpty(() => readFileSync(path, 'latin1'))
        ?.trim()
        .split(' ') ?? [];
    if (time === undefined || what === undefined) return [];
    return [{ container, time, what, fields, source: `${name} ${time}`, path }];
  });
  return found.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
}

/** Removes what has been written down. */
export function clearSpool(events: readonly SpooledEvent[]): void {
  for (const { path } of events) absentIsEmpty(() => unlinkSync(path));
}

/** Another command may be fetching the same files. */
function absentIsEmpty<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
