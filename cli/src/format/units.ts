import { humanDuration } from '@wherry/core/status';

/** Age of an RFC 3339 time as Docker's tables print it; `N/A` for no time. */
export function ago(time: string, now: number): string {
  const then = Date.parse(time);
  // An image made reproducibly may carry the year 1 or 1970's first second.
  return Number.isNaN(then) || then <= 0 ? 'N/A' : `${humanDuration(Math.max(0, now - then))} ago`;
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB', 'YB'];

/** `4.26MB`: powers of 1000 with the given number of significant digits; Docker's units.HumanSizeWithPrecision. */
export function humanSize(bytes: number, digits = 3): string {
  let size = bytes;
  let unit = 0;
  while (size >= 1000 && unit < UNITS.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${significant(size, digits)}${UNITS[unit]}`;
}

const BINARY_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** `3.843GiB`: powers of 1024 with four significant digits; Docker's units.BytesSize. */
export function binarySize(bytes: number): string {
  let size = bytes;
  let unit = 0;
  while (size >= 1024 && unit < BINARY_UNITS.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${significant(size, 4)}${BINARY_UNITS[unit]}`;
}

/** Go's %.Ng for numbers of this size: no zeros at the end. */
function significant(value: number, digits: number): string {
  return String(Number(value.toPrecision(digits)));
}

/** Local time as Go prints a time.Time: `2026-11-21 04:29:06 +0000 UTC`. */
export function goTime(time: string): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return time;
  const iso = date.toISOString();
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} +0000 UTC`;
}

/** The shortened form of Docker's tables: one character short of `length`, and an ellipsis. */
export function ellipsis(text: string, length: number): string {
  if (text.length <= length) return text;
  const characters = [...text];
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('')}…`;
}

export function shortId(id: string): string {
  return id.startsWith('sha256:') ? id.slice(7, 19) : id.slice(0, 12);
}
