import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import type { LogLine, LogsOptions } from '../api.ts';
import { EXIT, WherryError } from '../errors/error.ts';
import type { KeyValue } from '../plugin/contract.ts';
import { type JournalEntry, parseJournalEntry } from './journal-entry.ts';
import { timeFilter } from './period.ts';

export interface JournalQuery {
  /** Absolute path of journalctl(1). */
  readonly program: string;
  /** Fields that an entry has to have, all of them. */
  readonly fields: readonly KeyValue[];
}

/** Between two looks at the journal for what may have come, in milliseconds. */
const FOLLOW_MS = 300;

/**
 * A container's lines as the machine's journal has them, in the order they arrived. `tail` is applied before `since` and
 * `until`, as for files. With `ended`, goes on until that answers true.
 * @throws WherryError `E_LOG_UNREADABLE` when the journal can't be read
 */
export async function* readJournal(
  query: JournalQuery,
  options: LogsOptions,
  ended?: () => boolean,
): AsyncGenerator<readonly LogLine[]> {
  const wanted = timeFilter(options);
  // Of no lines at all, the last one tells where to go on.
  let passing = options.tail === 0;
  let place = options.tail === undefined ? [] : [`--lines=${Math.max(1, options.tail)}`];
  for (;;) {
    // Asked before reading, so that what was written before the end is read after it.
    const over = ended?.() ?? true;
    for await (const { line, cursor } of entries(query, place, options.signal)) {
      place = [`--after-cursor=${cursor}`];
      if (passing) continue;
      const where = wanted(line.time);
      if (where === 'after') return;
      if (where === 'within') yield [line];
    }
    if (over || options.signal?.aborted === true) return;
    passing = false;
    // Without an entry there is no place yet, and all that comes is wanted.
    if (place[0]?.startsWith('--lines=') === true) place = [];
    await pause(FOLLOW_MS);
  }
}

async function* entries(
  { program, fields }: JournalQuery,
  place: readonly string[],
  signal?: AbortSignal,
): AsyncGenerator<JournalEntry> {
  const matches = fields.map(({ key, value }) => `${key}=${value}`);
  const words = ['--output=json', '--all', '--quiet', '--no-pager', ...place, ...matches];
  const child = spawn(program, words, {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(signal === undefined ? {} : { signal }),
  });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  const closed = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  try {
    for await (const text of linesOf(child.stdout)) {
      const entry = parseJournalEntry(text);
      if (entry !== undefined) yield entry;
    }
    const status = await closed;
    if (status !== 0 && signal?.aborted !== true && complaint !== '') throw unreadable(complaint.trim());
  } finally {
    child.kill();
  }
}

/** By newlines alone, where readline would also end a line at U+2028. */
async function* linesOf(stream: Readable): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = rest.indexOf(0x0a); end >= 0; end = rest.indexOf(0x0a, start)) {
      yield rest.toString('utf8', start, end);
      start = end + 1;
    }
    rest = rest.subarray(start);
  }
}

function unreadable(complaint: string): WherryError {
  return new WherryError(`the journal can't be read: ${complaint}`, {
    code: 'E_LOG_UNREADABLE',
    hint: 'An administrator can add you to the group systemd-journal; or use --log-driver json-file.',
    exitCode: EXIT.failure,
  });
}
