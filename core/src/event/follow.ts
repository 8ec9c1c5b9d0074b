import { existsSync, type FSWatcher, watch } from 'node:fs';
import type { EngineEvent } from './event.ts';
import { type EventFilters, eventFits } from './filter.ts';
import { type EventContext, foldEvents } from './fold.ts';
import { EventTable } from './table.ts';

export interface EventsRequest {
  /** RFC 3339; without it, what comes from now on. */
  readonly since?: string | undefined;
  /** RFC 3339; ends there. */
  readonly until?: string | undefined;
  readonly filters?: EventFilters;
  /** Ends the stream without an error. */
  readonly signal?: AbortSignal;
}

/** For where no notice comes: inotify used up, or a file system without it. */
const LOOK_AGAIN_MS = 500;

/**
 * Events in their order, those of the past first, then those that come. There is no daemon to send them: what monitors leave in the
 * spool and other commands write into the database is noticed by watching both.
 */
export async function* followEvents(
  context: EventContext,
  request: EventsRequest,
): AsyncGenerator<EngineEvent> {
  const { since, until, filters = new Map(), signal } = request;
  const table = new EventTable(context.store.database);
  using bell = new Bell([context.store.paths.root, context.store.paths.events], signal);
  foldEvents(context);
  let last = since === undefined ? table.last() : 0;
  const from = since === undefined ? '' : comparable(since);
  const end = until === undefined ? undefined : comparable(until);
  for (;;) {
    for (const event of table.after(last)) {
      last = Math.max(last, event.id);
      const time = comparable(event.time);
      if (time >= from && (end === undefined || time <= end) && eventFits(event, filters)) yield event;
    }
    if (signal?.aborted === true) return;
    const left = end === undefined ? Number.POSITIVE_INFINITY : Date.parse(until ?? '') - Date.now();
    if (left <= 0) return;
    await bell.wait(Math.min(left, LOOK_AGAIN_MS));
    foldEvents(context);
  }
}

/** Times compare as text when all have nine digits. */
function comparable(time: string): string {
  const [, whole = '', fraction = ''] = /^(.{19})(?:\.(\d+))?Z$/.exec(time) ?? [];
  return `${whole}.${fraction.padEnd(9, '0')}Z`;
}

/** Rings when something is written in one of the directories, of which some may not be there yet. */
class Bell implements Disposable {
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #directories: readonly string[];
  readonly #signal: AbortSignal | undefined;
  #ring: () => void = () => {};
  #rung = false;

  constructor(directories: readonly string[], signal: AbortSignal | undefined) {
    this.#directories = directories;
    this.#signal = signal;
    signal?.addEventListener('abort', this.#hear);
    this.#watch();
  }

  readonly #hear = (): void => {
    this.#rung = true;
    this.#ring();
  };

  #watch(): void {
    for (const directory of this.#directories) {
      if (this.#watchers.has(directory) || !existsSync(directory)) continue;
      try {
        this.#watchers.set(
          directory,
          watch(directory, this.#hear).on('error', () => {}),
        );
        // What was written before is not told of.
        this.#rung = true;
      } catch {
        // The time says when to look again.
      }
    }
  }

  async wait(ms: number): Promise<void> {
    if (!this.#rung && this.#signal?.aborted !== true) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#ring = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#ring = () => {};
    this.#rung = false;
    this.#watch();
  }

  [Symbol.dispose](): void {
    this.#signal?.removeEventListener('abort', this.#hear);
    for (const watcher of this.#watchers.values()) watcher.close();
  }
}
