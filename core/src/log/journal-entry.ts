import type { LogLine } from '../api.ts';
import { utcTime } from '../container/time.ts';

/** An entry of journalctl's JSON: text, bytes where a value is no UTF-8, or a list where a field is there twice. */
type Field = string | readonly (number | string)[] | null | undefined;

/** An entry, and the place behind it. */
export interface JournalEntry {
  readonly line: LogLine;
  readonly cursor: string;
}

const SYSLOG_ERROR = '3';
/** What the driver, the launcher and syslog's ways add to each message; the rest was chosen by the user. */
const KNOWN = /^(_|CONTAINER_|IMAGE_NAME$|SYSLOG_|MESSAGE$|PRIORITY$|COM_)/;

/**
 * Parses a line of `journalctl --output=json` (systemd's journal export format, as JSON).
 * @returns undefined for one that is no entry
 */
export function parseJournalEntry(text: string): JournalEntry | undefined {
  let entry: Readonly<Record<string, Field>>;
  try {
    entry = JSON.parse(text) as Readonly<Record<string, Field>>;
  } catch {
    return undefined;
  }
  const { __CURSOR: cursor, __REALTIME_TIMESTAMP: arrived } = entry;
  if (typeof cursor !== 'string' || typeof arrived !== 'string') return undefined;
  const partial = entry.CONTAINER_PARTIAL_MESSAGE === 'true';
  const message = bytesOf(entry.MESSAGE);
  const chosen = Object.entries(entry).filter(([name]) => !KNOWN.test(name));
  return {
    cursor,
    line: {
      time: textOf(entry.SYSLOG_TIMESTAMP) ?? microseconds(arrived),
      stream: entry.PRIORITY === SYSLOG_ERROR ? 'stderr' : 'stdout',
      text: partial ? message : Buffer.concat([message, Buffer.from('\n')]),
      ...(chosen.length === 0
        ? {}
        : { attributes: Object.fromEntries(chosen.map(([name, value]) => [name, textOf(value) ?? ''])) }),
    },
  };
}

function bytesOf(field: Field): Buffer {
  if (typeof field === 'string') return Buffer.from(field);
  return Buffer.from((field ?? []).filter((byte): byte is number => typeof byte === 'number'));
}

function textOf(field: Field): string | undefined {
  if (typeof field === 'string') return field;
  return field === undefined || field === null ? undefined : bytesOf(field).toString();
}

/** RFC 3339 of microseconds since the epoch. */
function microseconds(text: string): string {
  const count = BigInt(text);
  const seconds = utcTime(Number(count / 1_000_000n) * 1000).slice(0, 19);
  return `${seconds}.${String(count % 1_000_000n).padStart(6, '0')}Z`;
}
