import { Buffer } from 'node:buffer';
import type { Time } from '../tree/protocol.ts';
import { TarError } from './error.ts';

/** Records of an extended header in their order, values as bytes in Latin-1: a key may come more than once. */
export type PaxRecords = readonly (readonly [key: string, value: string])[];

const corrupt = (what: string) => new TarError(what, { corrupt: true });

/**
 * POSIX.1-2017 pax, "pax Extended Header": `LENGTH KEY=VALUE\n`, again and again. The standard says UTF-8, but names of
 * other encodings occur, and SCHILY.xattr values are bytes.
 *
 * @throws TarError
 */
export function parsePax(body: Buffer): PaxRecords {
  const records: [string, string][] = [];
  for (let at = 0; at < body.length; ) {
    // Some writers pad with NULs.
    if (body[at] === 0) break;
    const space = body.indexOf(0x20, at);
    const digits = body.toString('latin1', at, space < 0 || space > at + 10 ? at + 10 : space);
    if (!/^\d{1,9}$/.test(digits)) throw corrupt('has an extended header with a record without length');
    const end = at + Number(digits);
    if (end > body.length || end <= space || body[end - 1] !== 0x0a)
      throw corrupt('has an extended header with a record of a wrong length');
    const equals = body.indexOf(0x3d, space + 1);
    if (equals < 0 || equals >= end) throw corrupt('has an extended header with a record without “=”');
    const key = body.toString('utf8', space + 1, equals);
    records.push([key, body.toString('latin1', equals + 1, end - 1)]);
    at = end;
  }
  return records;
}

/** A decimal of seconds, to the nanosecond: `1600000000.123456789`. @throws TarError */
export function parseTime(value: string): Time {
  const match = /^(-?)(\d{1,15})(?:\.(\d*))?$/.exec(value);
  if (match === null) throw corrupt('has an extended header with a time that is none');
  const [, sign, whole = '0', fraction = ''] = match;
  const nanoseconds = Number(fraction.slice(0, 9).padEnd(9, '0'));
  const seconds = Number(whole);
  if (sign !== '-') return { seconds, nanoseconds };
  // -1.25 s is 0.75 s after -2 s.
  return nanoseconds === 0
    ? { seconds: 0 - seconds, nanoseconds: 0 }
    : { seconds: -seconds - 1, nanoseconds: 1_000_000_000 - nanoseconds };
}

/** A count or id that is not negative. @throws TarError */
export function parseDecimal(value: string): number {
  const number = /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
  if (!Number.isSafeInteger(number)) throw corrupt('has an extended header with a number that is none');
  return number;
}

/** The other way round: records whose values are bytes in Latin-1. */
export function formatPax(records: PaxRecords): Buffer {
  return Buffer.concat(
    records.map(([key, value]) => {
      const rest = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(`${value}\n`, 'latin1')]);
      let length = rest.length + 1;
      while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
      return Buffer.concat([Buffer.from(String(length)), rest]);
    }),
  );
}
