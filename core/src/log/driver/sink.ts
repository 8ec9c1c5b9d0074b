import type { Entry } from '../../plugin/contract.ts';
import type { LogDriver } from '../../plugin/drivers.ts';
import type { StateChanges } from '../../plugin/state.ts';
import { LossNote } from '../loss.ts';
import type { DriverLogConfig } from './config.ts';
import { DriverLogFile } from './file.ts';

/**
 * Hands batches to a driver and appends what it answers with to the container's log file. A driver that fails, or a disk that
 * is full, loses that batch and no other; the container goes on.
 */
export class DriverSink {
  readonly #config: DriverLogConfig;
  readonly #log: LogDriver;
  readonly #keep: (changes: StateChanges) => void;
  readonly #file: DriverLogFile;
  readonly #loss: LossNote;

  /** @param keep commits what a call put into the driver's state */
  constructor(config: DriverLogConfig, log: LogDriver, keep: (changes: StateChanges) => void) {
    this.#config = config;
    this.#log = log;
    this.#keep = keep;
    this.#file = new DriverLogFile(config.directory);
    this.#loss = new LossNote(config.directory);
  }

  take(batch: readonly Entry[]): void {
    if (batch.length === 0) return;
    try {
      const { value, changes } = this.#log.write(this.#config.container, batch);
      this.#file.append(value);
      if (changes.size > 0) this.#keep(changes);
    } catch (error) {
      const bytes = batch.reduce((sum, { text, partial }) => sum + text.length + (partial ? 0 : 1), 0);
      this.#loss.add(bytes, messageOf(error));
    }
  }

  /** The container has ended. */
  end(): void {
    try {
      const { changes } = this.#log.close(this.#config.container);
      if (changes.size > 0) this.#keep(changes);
    } catch (error) {
      this.#loss.add(0, messageOf(error));
    }
    this.#loss.end();
    this.#file.close();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
