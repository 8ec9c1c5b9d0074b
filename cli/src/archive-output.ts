import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { WherryError } from '@wherry/core/errors';
import { isHole } from '@wherry/core/zeros';
import { isTerminal, STDOUT, write } from './terminal/output.ts';

export interface ArchiveOutput {
  /** `--output`; standard output when it isn't given, or empty, as in Docker. */
  readonly output: string | undefined;
  /** A command line that writes to a file, for the hint. */
  readonly instead: string;
  /** Docker's first words where the file can't be written: `failed to save image`. */
  readonly failure: string;
}

/**
 * Before anything is done.
 * @throws WherryError `E_TERMINAL` where a tar archive would fill a terminal with its bytes, `E_OUTPUT_FILE` for what is no file
 */
export function checkOutput({ output, instead, failure }: ArchiveOutput): void {
  if (output) {
    refuseNoFile(output, failure);
    return;
  }
  if (!isTerminal(STDOUT)) return;
  throw new WherryError('cowardly refusing to save to a terminal. Use the -o flag or redirect', {
    code: 'E_TERMINAL',
    hint: `wherry ${instead}`,
    exitCode: 1,
  });
}

/** What a file of that name would take the place of: a device, say, which others need. */
function refuseNoFile(path: string, failure: string): void {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  const reason = stat === undefined ? missingDirectory(path) : whatElse(stat);
  if (reason === undefined) return;
  throw new WherryError(`${failure}: ${reason}`, {
    code: 'E_OUTPUT_FILE',
    hint: 'Name a file, new or old, in a directory that there is; standard output takes pipes and devices.',
    exitCode: 1,
  });
}

function missingDirectory(path: string): string | undefined {
  const directory = dirname(path);
  return existsSync(directory)
    ? undefined
    : `invalid output path: stat ${directory}: no such file or directory`;
}

function whatElse(stat: Stats): string | undefined {
  if (stat.isDirectory()) return 'cannot write to a directory';
  if (stat.isSymbolicLink()) return 'cannot write to a symbolic link directly';
  if (stat.isFIFO()) return 'cannot write to a named pipe (FIFO)';
  if (stat.isSocket()) return 'cannot write to a socket';
  if (stat.isCharacterDevice()) return 'cannot write to a character device file';
  return stat.isBlockDevice() ? 'cannot write to a block device file' : undefined;
}

/**
 * To standard output, or into a file, which stays as it was until the archive is whole.
 * @throws WherryError `E_OUTPUT_FILE`
 */
export async function writeArchive(
  output: string | undefined,
  pieces: AsyncIterable<Uint8Array>,
): Promise<void> {
  if (!output) {
    await toStdout(pieces);
    return;
  }
  const draft = `${output}.${process.pid}.partial`;
  const fd = openFile(draft, output);
  try {
    try {
      await writeSparsely(fd, pieces, 0, output);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(draft, output);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

/** Into a file as sparsely as into one that is named; others that write there go on behind it. */
async function toStdout(pieces: AsyncIterable<Uint8Array>): Promise<void> {
  const start = appendPosition(STDOUT);
  if (start === undefined) {
    for await (const piece of pieces) write(STDOUT, piece);
    return;
  }
  const end = await writeSparsely(STDOUT, pieces, start, 'on standard output');
  const { seekForward } = await import('@wherry/core/seek');
  seekForward(STDOUT, end - start);
}

/** Where the next byte goes in a file that ends there, and that isn't open for appending alone; undefined for anything else. */
function appendPosition(fd: number): number | undefined {
  const stat = fstatSync(fd);
  if (!stat.isFile()) return undefined;
  const facts = descriptorFacts(fd);
  const position = Number(/^pos:\s*(\d+)/m.exec(facts)?.[1]);
  const flags = Number.parseInt(/^flags:\s*(\d+)/m.exec(facts)?.[1] ?? '0', 8);
  return position === stat.size && (flags & constants.O_APPEND) === 0 ? position : undefined;
}

/** proc(5), `/proc/PID/fdinfo`; nothing where there is no /proc. */
function descriptorFacts(fd: number): string {
  try {
    return readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1');
  } catch {
    return '';
  }
}

/**
 * Zeros that sparse files of a container become in an archive take no room in a file.
 * @param start of the archive in the file
 * @param name of the file, in messages
 * @returns its end there
 */
async function writeSparsely(
  fd: number,
  pieces: AsyncIterable<Uint8Array>,
  start: number,
  name: string,
): Promise<number> {
  let at = start;
  for await (const piece of pieces) {
    if (!isHole(piece)) writeAt(fd, piece, at, name);
    at += piece.length;
  }
  ftruncateSync(fd, at);
  return at;
}

function writeAt(fd: number, piece: Uint8Array, at: number, name: string): void {
  try {
    for (let done = 0; done < piece.length; )
      done += writeSync(fd, piece, done, piece.length - done, at + done);
  } catch (cause) {
    throw unwritable(name, cause);
  }
}

function openFile(draft: string, path: string): number {
  try {
    return openSync(draft, 'wx', 0o600);
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

function unwritable(name: string, cause: unknown): WherryError {
  const full = cause instanceof Error && 'code' in cause && ['ENOSPC', 'EDQUOT'].includes(String(cause.code));
  return new WherryError(
    `The file ${name} can't be written: ${full ? 'the disk is full' : (cause as Error).message}.`,
    {
      code: 'E_OUTPUT_FILE',
      hint: full
        ? 'Make room there, or name a file on another file system.'
        : 'Name a file in a directory that you may write to.',
      exitCode: 1,
      cause,
    },
  );
}
