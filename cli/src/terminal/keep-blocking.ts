import { fstatSync } from 'node:fs';
import { STDERR, STDOUT, write } from './output.ts';

/**
 * Sees to it that no pipe or socket that was handed over is made non-blocking, which it would be for all who share it: the shell, whose
 * next `echo` then fails when the pipe is full. Node.js does so when `process.stdout` or `process.stderr` is first asked for, and
 * asks for the latter by itself whenever it closes a socket or a child's pipe; when this process becomes the launcher, nobody takes it back.
 */
export function keepBlocking(): void {
  for (const [name, fd] of [
    ['stdout', STDOUT],
    ['stderr', STDERR],
  ] as const) {
    if (!isShared(fd)) continue;
    let stream: unknown;
    Object.defineProperty(process, name, {
      configurable: true,
      enumerable: true,
      get: () => {
        stream ??= blockingStream(fd);
        return stream;
      },
    });
  }
}

/** Files and terminals stay as they are; Node.js opens a terminal anew for itself. */
function isShared(fd: number): boolean {
  try {
    const kind = fstatSync(fd);
    return kind.isFIFO() || kind.isSocket();
  } catch {
    return false;
  }
}

/** Whoever asked has a stream already, so that the module is loaded by now. */
function blockingStream(fd: number): unknown {
  const { Writable } = process.getBuiltinModule('node:stream');
  const stream = new Writable({
    decodeStrings: true,
    write(chunk: Buffer, _encoding, done) {
      write(fd, chunk);
      done();
    },
  });
  return Object.assign(stream, { fd });
}
