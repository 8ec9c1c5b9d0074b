import { fstatSync, writeSync } from 'node:fs';
import { WherryError } from '@wherry/core/errors';

export const STDIN = 0;
export const STDOUT = 1;
export const STDERR = 2;

/** node:tty brings sockets and streams along, which takes longer than most commands: a file or pipe is told without it. */
export function isTerminal(fd: number): boolean {
  try {
    return fstatSync(fd).isCharacterDevice() && process.getBuiltinModule('node:tty').isatty(fd);
  } catch {
    // The descriptor is closed.
    return false;
  }
}

/**
 * Writes all of it before it returns, so that nothing is lost when the process becomes the launcher or exits. Going
 * around `process.stdout` also leaves the descriptor as it was handed over: Node.js would make a pipe non-blocking.
 * A reader that went away (`wherry ps | head -1`) ends the command as SIGPIPE would.
 *
 * @throws WherryError `E_OUTPUT_FILE`
 */
export function write(fd: number, text: string | Uint8Array): void {
  let rest = typeof text === 'string' ? Buffer.from(text) : text;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === 'EPIPE') process.exit(128 + 13);
      // A pipe that another process made non-blocking, and that is full: give its reader a millisecond.
      if (code === 'EAGAIN') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
      else if (fd === STDERR)
        return; // Nobody can be told.
      else throw unwritable(error);
    }
  }
}

function unwritable(cause: unknown): WherryError {
  const reason = (cause as NodeJS.ErrnoException).code === 'ENOSPC' ? 'the disk is full' : String(cause);
  return new WherryError(`Standard output can't be written: ${reason}.`, {
    code: 'E_OUTPUT_FILE',
    hint: 'Look at the file or device that it goes to.',
    cause,
  });
}

export function print(line: string): void {
  write(STDOUT, `${line}\n`);
}

export function printError(line: string): void {
  write(STDERR, `${line}\n`);
}

/** Columns and rows; 80 by 24 where the terminal doesn't say. */
export function terminalSize(fd: 1 | 2): { readonly columns: number; readonly rows: number } {
  const stream = fd === STDOUT ? process.stdout : process.stderr;
  return { columns: stream.columns || 80, rows: stream.rows || 24 };
}
