import { join } from 'node:path';
import { WherryError } from '../errors/error.ts';
import type { SettingOperation } from '../program/operation.ts';
import { logForm } from './form.ts';
import type { LogFiles } from './read.ts';

/** Docker's options of the copy that is kept of a log which is sent away, so that it can be read back. */
const OPTION = /^cache-(?:disabled|max-size|max-file|compress)$/;
/** Docker's, in the container's directory. */
const FILE = 'container-cached.log';
const DEFAULT_SIZE = 20_000_000;
const DEFAULT_FILES = 5;
const MOST_FILES = 1000;
const UNITS = 'bkmgt';

/** How much of a copy is kept. */
export interface LogCache {
  /** Bytes at which a file is rotated. */
  readonly maxSize: number;
  /** Files in all. */
  readonly maxFiles: number;
  /** Rotated files are packed. */
  readonly compress: boolean;
}

type Options = Readonly<Record<string, string>>;

/** Takes the options of the copy out of a container's. */
export function splitCache(options: Options): { readonly cache: Options; readonly own: Options } {
  const entries = Object.entries(options);
  return {
    cache: Object.fromEntries(entries.filter(([name]) => OPTION.test(name))),
    own: Object.fromEntries(entries.filter(([name]) => !OPTION.test(name))),
  };
}

/**
 * The copy that options ask for; undefined for none.
 * @throws WherryError `E_LOG_CACHE`
 */
export function parseCache(options: Options): LogCache | undefined {
  const disabled = flag('cache-disabled', options['cache-disabled'] ?? 'false');
  const maxSize = sizeOf(options['cache-max-size']);
  const maxFiles = filesOf(options['cache-max-file']);
  const compress = flag('cache-compress', options['cache-compress'] ?? 'true') && maxFiles > 1;
  return disabled ? undefined : { maxSize, maxFiles, compress };
}

/** What the launcher writes of it. */
export function cacheOperation(directory: string, cache: LogCache): SettingOperation {
  return { op: 'log-file', path: join(directory, FILE), framing: 'binary', ...cache };
}

/** Where it is read back; files that other options have left are among them. */
export function cacheFiles(directory: string, { maxFiles }: LogCache): LogFiles {
  const form = logForm('binary');
  if (form === undefined) throw new Error('the framing of the local driver can be read');
  const paths: string[] = [];
  for (let number = maxFiles - 1; number > 0; number -= 1) {
    paths.push(join(directory, `${FILE}.${number}.gz`), join(directory, `${FILE}.${number}`));
  }
  return { paths: [...paths, join(directory, FILE)], form };
}

function flag(name: string, text: string): boolean {
  const value = goBoolean(text);
  if (value === undefined) throw refused(`invalid value for option ${name}: ${text}`, 'Give true or false.');
  return value;
}

/** As Go's strconv.ParseBool. */
export function goBoolean(text: string): boolean | undefined {
  if (/^(?:1|t|T|TRUE|true|True)$/.test(text)) return true;
  return /^(?:0|f|F|FALSE|false|False)$/.test(text) ? false : undefined;
}

/** By 1000, as the local driver's `max-size`. */
function sizeOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_SIZE;
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?) ?([bkmgt])?(?:i?b)?$/i.exec(text) ?? [];
  const bytes = Math.floor(Number(number) * 1000 ** Math.max(0, UNITS.indexOf(unit.toLowerCase() || 'b')));
  if (number !== '' && bytes > 0 && Number.isSafeInteger(bytes)) return bytes;
  throw refused(`cache-max-size is no size above 0: "${text}"`, 'Give a size such as 20m.');
}

function filesOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_FILES;
  const count = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= MOST_FILES) return count;
  throw refused(
    `cache-max-file is not a number from 1 to ${MOST_FILES}: "${text}"`,
    'Give the number of files to keep.',
  );
}

function refused(message: string, hint: string): WherryError {
  return new WherryError(message, { code: 'E_LOG_CACHE', hint });
}
