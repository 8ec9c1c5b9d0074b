import { constants } from 'node:os';
import { WherryError } from '@wherry/core/errors';
import { readByte, readLine } from './line.ts';
import { STDIN, STDOUT, write } from './output.ts';

const CTRL_C = 0x03;
const CTRL_D = 0x04;
const CTRL_U = 0x15;
const BACKSPACES: readonly number[] = [0x08, 0x7f];
const ENDS: readonly number[] = [0x0a, 0x0d];

/** Asks for a line on the terminal. */
export function ask(question: string): string {
  write(STDOUT, question);
  return readLine().trim();
}

/**
 * Asks for a line that isn't shown while it is typed. Node.js knows no terminal without echo but a raw one, so the keys that
 * edit a line are minded here.
 * @throws WherryError `E_INTERRUPTED` for Ctrl-C
 */
export function askHidden(question: string): string {
  const tty = process.getBuiltinModule('node:tty');
  const terminal = new tty.ReadStream(STDIN);
  // First of all: whoever sees the question may answer at once.
  terminal.setRawMode(true);
  try {
    write(STDOUT, question);
    return readHidden();
  } finally {
    terminal.setRawMode(false);
    terminal.destroy();
    write(STDOUT, '\n');
  }
}

function readHidden(): string {
  const byte = Buffer.alloc(1);
  let line: number[] = [];
  while (readByte(byte)) {
    const key = byte[0] ?? 0;
    if (key === CTRL_C) throw interrupted();
    if (ENDS.includes(key) || (key === CTRL_D && line.length === 0)) break;
    if (key === CTRL_U) line = [];
    else if (BACKSPACES.includes(key)) line = withoutLast(line);
    else line.push(key);
  }
  return Buffer.from(line).toString();
}

/** A character may be several bytes of UTF-8. */
function withoutLast(line: readonly number[]): number[] {
  return [...Buffer.from([...Buffer.from(line).toString()].slice(0, -1).join(''))];
}

function interrupted(): WherryError {
  return new WherryError('interrupted', {
    code: 'E_INTERRUPTED',
    hint: 'Nothing was changed.',
    exitCode: 128 + constants.signals.SIGINT,
  });
}
