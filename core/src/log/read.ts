import type { LogLine, LogsOptions } from '../api.ts';
import { awaitChanges } from './changes.ts';
import { type LogForm, linesOf, type ParsedForm } from './form.ts';
import { timeFilter } from './period.ts';
import { LineReader } from './reader.ts';
import { type LogSource, openSource } from './source.ts';
import { tailPosition } from './tail.ts';

/** A container's log, as its log driver says it is to be read. */
export interface LogFiles {
  /** Absolute paths, oldest first; the last one is being written, each may be missing. */
  readonly paths: readonly string[];
  readonly form: LogForm | ParsedForm;
}

export interface FollowOptions {
  /** Directories whose changes tell that there may be more to read. */
  readonly directories: readonly string[];
  /** Whether nothing more will be written. */
  readonly ended: () => boolean;
}

/** Lines that are handed over at once: each turn of an asynchronous loop costs as much as reading a line. */
const PIECE_LINES = 1024;

/**
 * The lines of a log in order, as many as come at once. `tail` is applied before `since` and `until`, as Docker does. With
 * `follow`, goes on until `ended` answers true, through rotations.
 */
export async function* readLog(
  files: LogFiles,
  options: LogsOptions,
  follow?: FollowOptions,
): AsyncGenerator<readonly LogLine[]> {
  const wanted = timeFilter(options);
  using changes = follow === undefined ? undefined : awaitChanges(follow.directories, options.signal);
  let readers = openReaders(files, options.tail);
  try {
    for (;;) {
      // Asked before reading, so that what was written before the end is read after it.
      const over = follow?.ended() ?? true;
      const next = follow === undefined ? [] : newerSources(files.paths, readers.at(-1)?.source.inode);
      readers.push(...next.map((source) => new LineReader(source, 0, files.form.delimiting)));
      for (const reader of readers) {
        let piece: LogLine[] = [];
        for (const line of linesOf(reader.lines(), files.form)) {
          const place = wanted(line.time);
          if (place === 'after') {
            yield piece;
            return;
          }
          if (place === 'within' && piece.push(line) === PIECE_LINES) {
            yield piece;
            piece = [];
          }
        }
        if (piece.length > 0) yield piece;
      }
      for (const done of readers.slice(0, -1)) done.source[Symbol.dispose]();
      readers = readers.slice(-1);
      if (over || options.signal?.aborted === true) return;
      await changes?.next();
    }
  } finally {
    for (const reader of readers) reader.source[Symbol.dispose]();
  }
}

function openReaders({ paths, form }: LogFiles, tail: number | undefined): LineReader[] {
  const sources = openAll(paths);
  const from = tail === undefined ? { file: 0, offset: 0 } : tailPosition(sources, tail, form.delimiting);
  for (const unused of sources.slice(0, from.file)) unused[Symbol.dispose]();
  return sources
    .slice(from.file)
    .map((source, index) => new LineReader(source, index === 0 ? from.offset : 0, form.delimiting));
}

/** How often the files are opened anew when a rotation came between: after that, with a rotation a millisecond, as they are. */
const TRIES = 10;

/** All files of a log as they were at one moment, oldest first. */
function openAll(paths: readonly string[]): LogSource[] {
  for (let tries = 1; ; tries += 1) {
    const sources = newerSources(paths, undefined);
    const current = openSource(paths.at(-1) ?? '');
    const rotated = current !== undefined && current.inode !== sources.at(-1)?.inode;
    current?.[Symbol.dispose]();
    if (!rotated || tries === TRIES) return sources;
    for (const source of sources) source[Symbol.dispose]();
  }
}

/**
 * Files that came after the one with this inode, which rotation has renamed to an older place in the list; all of them
 * without one. Opened from the newest on, and a file before what is packed of it: each moves towards the old while we look.
 */
function newerSources(paths: readonly string[], inode: number | undefined): LogSource[] {
  const newer: LogSource[] = [];
  for (const path of [...paths].reverse()) {
    const source = openSource(path);
    if (source === undefined) continue;
    if (source.inode === inode) {
      source[Symbol.dispose]();
      break;
    }
    if (source.inode === newer[0]?.inode) source[Symbol.dispose]();
    else newer.unshift(source);
  }
  return newer;
}
