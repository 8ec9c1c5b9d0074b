import { readSync } from 'node:fs';
import { STDIN } from './output.ts';

/** Byte by byte, so that nothing is taken from what reads after it. */
export function readLine(): string {
  const byte = Buffer.alloc(1);
  const bytes: number[] = [];
  while (readByte(byte) && byte[0] !== 0x0a) bytes.push(byte[0] ?? 0);
  return Buffer.from(bytes).toString();
}

export function readByte(byte: Buffer): boolean {
  for (;;) {
    try {
      return readSync(STDIN, byte) === 1;
    } catch (error) {
      // A terminal or pipe that another process made non-blocking has nothing yet: ask again in 10 ms.
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}

/** All of standard input, as text. */
export function readToEnd(): string {
  const byte = Buffer.alloc(1);
  const bytes: number[] = [];
  while (readByte(byte)) bytes.push(byte[0] ?? 0);
  return Buffer.from(bytes).toString();
}
