import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What of a container's output the process beside its monitor didn't pass on: bytes, and why, as JSON. */
export const LOG_LOSS = 'log-loss';

export interface LogLossFact {
  /** Bytes. */
  readonly dropped: number;
  /** Of the last time. */
  readonly error: string;
}

/** At most so often is a loss written down while it goes on. */
const NOTE_MS = 1000;

/** @returns nothing lost where no such process has said otherwise */
export function readLoss(directory: string): LogLossFact {
  try {
    const { dropped, error } = JSON.parse(readFileSync(join(directory, LOG_LOSS), 'utf8')) as LogLossFact;
    return { dropped: Number(dropped), error: String(error) };
  } catch {
    return { dropped: 0, error: '' };
  }
}

/** Counts what is lost, on from where a process that was killed had come, and leaves it in the container's directory. */
export class LossNote {
  readonly #directory: string;
  readonly #before: number;
  #dropped = 0;
  #error = '';
  #noted = 0;

  constructor(directory: string) {
    this.#directory = directory;
    this.#before = readLoss(directory).dropped;
  }

  /** @param dropped bytes since the beginning of this process */
  set(dropped: number, error: string): void {
    if (dropped === this.#dropped && error === this.#error) return;
    this.#dropped = dropped;
    this.#error = error;
    if (Date.now() - this.#noted >= NOTE_MS) this.#write();
  }

  add(dropped: number, error: string): void {
    this.set(this.#dropped + dropped, error);
  }

  /** Nothing more comes. */
  end(): void {
    if (this.#error !== '') this.#write();
  }

  #write(): void {
    this.#noted = Date.now();
    const fact: LogLossFact = { dropped: this.#before + this.#dropped, error: this.#error };
    try {
      writeFileSync(join(this.#directory, LOG_LOSS), JSON.stringify(fact), { mode: 0o600 });
    } catch {
      // With --rm the directory has gone by now.
    }
  }
}
