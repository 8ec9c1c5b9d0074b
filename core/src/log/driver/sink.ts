import { closeSync, constants, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Entry } from '../../plugin/contract.ts';
import type { LogDriver } from '../../plugin/drivers.ts';
import type { StateChanges } from '../../plugin/state.ts';
import { DRIVER_LOG, DRIVER_LOSS, type DriverLogConfig, type DriverLoss } from './config.ts';

/** At most so often is a loss written down while it goes on. */
const NOTE_MS = 1000;

/**
 * Hands batches to a driver and appends what it answers with to the container's log file. A driver that fails, or a disk that
 * is full, loses that batch and no other; the container goes on.
 */
export class DriverSink {
  readonly #config: DriverLogConfig;
  readonly #log: LogDriver;
  readonly #keep: (changes: StateChanges) => void;
  readonly #fd: number;
  #dropped = 0;
  #error = '';
  #noted = 0;

  /** @param keep commits what a call put into the driver's state */
  constructor(config: DriverLogConfig, log: LogDriver, keep: (changes: StateChanges) => void) {
    this.#config = config;
    this.#log = log;
    this.#keep = keep;
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW;
    this.#fd = openSync(join(config.directory, DRIVER_LOG), flags, 0o640);
  }

  take(batch: readonly Entry[]): void {
    if (batch.length === 0) return;
    try {
      const { value, changes } = this.#log.write(this.#config.container, batch);
      for (let at = 0; at < value.length; ) at += writeSync(this.#fd, value, at);
      if (changes.size > 0) this.#keep(changes);
    } catch (error) {
      this.#lost(
        batch.reduce((sum, { text, partial }) => sum + text.length + (partial ? 0 : 1), 0),
        error,
      );
    }
  }

  /** The container has ended. */
  end(): void {
    try {
      const { changes } = this.#log.close(this.#config.container);
      if (changes.size > 0) this.#keep(changes);
    } catch (error) {
      this.#lost(0, error);
    }
    if (this.#error !== '') this.#note();
    closeSync(this.#fd);
  }

  #lost(bytes: number, error: unknown): void {
    this.#dropped += bytes;
    this.#error = error instanceof Error ? error.message : String(error);
    if (Date.now() - this.#noted >= NOTE_MS) this.#note();
  }

  #note(): void {
    this.#noted = Date.now();
    const loss: DriverLoss = { dropped: this.#dropped, error: this.#error };
    try {
      writeFileSync(join(this.#config.directory, DRIVER_LOSS), JSON.stringify(loss), { mode: 0o600 });
    } catch {
      // With --rm the directory has gone by now.
    }
  }
}
