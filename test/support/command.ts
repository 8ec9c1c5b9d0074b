import { Buffer } from 'node:buffer';
import { type ChildProcess, spawn } from 'node:child_process';

export interface CommandOptions {
  /** Whole standard input. Without it, `run` gives an empty one and `start` leaves it open for `write`. */
  readonly input?: string | Buffer;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** After this many milliseconds the command is killed and the promise rejects. Default 120,000. */
  readonly timeoutMs?: number;
}

export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  /** As a shell's `$?`: 128 + n when signal n ended the command itself. */
  readonly exitCode: number;
}

const SIGNALS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGKILL: 9,
  SIGPIPE: 13,
  SIGTERM: 15,
};
const DEFAULT_TIMEOUT_MS = 120_000;

/** A started command, in a session and process group of its own. */
export class RunningCommand {
  readonly pid: number;
  /** Resolves when the command has ended and its output is closed or, for what outlives it, drained. */
  readonly result: Promise<CommandResult>;
  readonly #child: ChildProcess;
  readonly #output = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  readonly #line: string;

  constructor(
    file: string,
    args: readonly string[],
    options: CommandOptions & { readonly line?: string } = {},
  ) {
    this.#line = options.line ?? [file, ...args].join(' ');
    this.#child = spawn(file, args, {
      stdio: 'pipe',
      detached: true,
      ...(options.env === undefined ? {} : { env: options.env }),
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    this.#child.stdout?.on('data', (chunk: Buffer) => this.#output.stdout.push(chunk));
    this.#child.stderr?.on('data', (chunk: Buffer) => this.#output.stderr.push(chunk));
    // A command may end before it has read its input; its exit status tells.
    this.#child.stdin?.on('error', () => undefined);
    if (options.input !== undefined) this.#child.stdin?.end(options.input);
    this.result = this.#finish(options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    this.result.catch(() => undefined);
    this.pid = this.#child.pid ?? 0;
  }

  get stdout(): string {
    return Buffer.concat(this.#output.stdout).toString();
  }

  get stderr(): string {
    return Buffer.concat(this.#output.stderr).toString();
  }

  write(data: string | Buffer): void {
    this.#child.stdin?.write(data);
  }

  endInput(): void {
    this.#child.stdin?.end();
  }

  /** Signals the command alone, not what it started. */
  kill(signal: NodeJS.Signals = 'SIGTERM'): void {
    this.#child.kill(signal);
  }

  /** Signals the command's whole process group. */
  killGroup(signal: NodeJS.Signals = 'SIGTERM'): void {
    try {
      process.kill(-this.pid, signal);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    }
  }

  /** Resolves with the match once the output so far matches; rejects when the command ends without. */
  waitFor(pattern: RegExp, stream: 'stdout' | 'stderr' = 'stdout'): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const source = this.#child[stream];
      const look = (): void => {
        const match = pattern.exec(this[stream]);
        if (match === null) return;
        source?.off('data', look);
        resolve(match);
      };
      source?.on('data', look);
      look();
      this.result.then(
        () =>
          reject(
            new Error(`${this.#line}: ended before ${stream} matched ${pattern}.\n${this.#transcript()}`),
          ),
        reject,
      );
    });
  }

  #finish(timeoutMs: number): Promise<CommandResult> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`${this.#line}: still running after ${timeoutMs} ms.\n${this.#transcript()}`));
        this.killGroup('SIGKILL');
      }, timeoutMs);
      this.#child.once('error', (error) => {
        clearTimeout(timer);
        reject(error);
      });
      this.#child.once('close', (code, signal) => {
        clearTimeout(timer);
        const exitCode = code ?? 128 + (SIGNALS[signal ?? ''] ?? 0);
        resolve({ stdout: this.stdout, stderr: this.stderr, exitCode });
      });
    });
  }

  #transcript(): string {
    return `--- stdout\n${this.stdout}\n--- stderr\n${this.stderr}`;
  }
}
