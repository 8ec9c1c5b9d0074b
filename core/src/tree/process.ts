import type { Buffer } from 'node:buffer';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { WherryError } from '../errors/error.ts';

/** How to start the worker: the launcher in its mode `tree`, within the user namespace. */
export interface WorkerCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const STDERR_KEPT = 4096;

/** The worker as a pair of byte streams with one end. */
export class WorkerProcess {
  /** Settles when the process is gone: undefined when it ended by itself and well, else the reason. */
  readonly ended: Promise<WherryError | undefined>;
  readonly #child: ChildProcessWithoutNullStreams;
  #words = '';
  #gone: WherryError | undefined;
  #over = false;

  constructor(command: WorkerCommand, onBytes: (chunk: Buffer) => void) {
    this.#child = spawn(command.file, command.args, { stdio: 'pipe', env: { ...command.env } });
    const { promise, resolve } = Promise.withResolvers<WherryError | undefined>();
    this.ended = promise;
    const end = (reason: WherryError | undefined) => {
      if (this.#over) return;
      this.#over = true;
      this.#gone = reason;
      this.#child.stdin.destroy();
      resolve(reason);
    };
    this.#child.on('error', (cause) => end(workerError(`can’t be started: ${cause.message}`, cause)));
    // `close` and not `exit`: what it has written must have been read before.
    this.#child.on('close', (status, signal) => {
      const words = this.#words.trim();
      if (status === 0) end(undefined);
      else if (words !== '') end(saidByLauncher(words) ?? workerError(`ended: ${words}`));
      else end(workerError(`ended with ${signal ?? `status ${status}`}`));
    });
    // EPIPE, when it ended while we wrote: why it did is what `close` tells.
    this.#child.stdin.on('error', () => {});
    this.#child.stdout.on('data', onBytes);
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#words = (this.#words + text).slice(-STDERR_KEPT);
    });
  }

  get gone(): WherryError | undefined {
    return this.#gone;
  }

  /** Takes pieces that are not changed afterwards. */
  write(piece: Uint8Array): void {
    if (this.#child.stdin.writable) this.#child.stdin.write(piece);
  }

  /** Bytes taken and not yet passed on. */
  get backlog(): number {
    return this.#child.stdin.writableLength;
  }

  /** Until the backlog is gone, or the process. */
  async drained(): Promise<void> {
    const { stdin } = this.#child;
    if (!stdin.writableNeedDrain || this.#over) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    stdin.once('drain', resolve).once('close', resolve);
    await promise;
    stdin.off('drain', resolve).off('close', resolve);
  }

  pause(): void {
    this.#child.stdout.pause();
  }

  resume(): void {
    this.#child.stdout.resume();
  }

  /** No more requests; it ends once it has served what it has. */
  end(): void {
    this.#child.stdin.end();
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

/** What the launcher prints when it can't even begin: `wherry: `, what failed, and on the next line what to do. */
function saidByLauncher(words: string): WherryError | undefined {
  const [, message, hint] = /^wherry: (.+)\n(.+)$/.exec(words) ?? [];
  if (message === undefined || hint === undefined) return undefined;
  return new WherryError(`No files can be written in your user namespace: ${message}.`, {
    code: 'E_TREE_WORKER',
    hint,
  });
}

export function workerError(what: string, cause?: unknown): WherryError {
  return new WherryError(`The process that writes files in your user namespace ${what}.`, {
    code: 'E_TREE_WORKER',
    hint: '`wherry info` says whether user namespaces work here.',
    cause,
  });
}
