/** What one call of a driver put (text) or removed (undefined). */
export type StateChanges = ReadonlyMap<string, string | undefined>;

/** What one call read of the state: as long as that is so, the same call has the same answer. */
export interface StateReads {
  /** By key; null where there was nothing. */
  readonly values: Readonly<Record<string, string | null>>;
  /** Keys by prefix. */
  readonly lists: Readonly<Record<string, readonly string[]>>;
}

/** Whether a call that read this would read the same now. */
export function readsSame({ values, lists }: StateReads, state: DriverState): boolean {
  return (
    Object.entries(values).every(([key, value]) => (state.get(key) ?? null) === value) &&
    Object.entries(lists).every(([prefix, keys]) => state.list(prefix).join('\0') === keys.join('\0'))
  );
}

/** The key-value space of one driver; the store's is a table, and applies changes within the plan's transaction. */
export interface DriverState {
  get(key: string): string | undefined;
  /** Keys that begin with `prefix`, sorted by code unit. */
  list(prefix: string): string[];
  apply(changes: StateChanges): void;
}

/** Code units of the longest key. */
export const MAX_KEY = 255;
/** Code units that one call may put in all. */
export const MAX_PUT = 1024 * 1024;

/** A key that is too long, or more than a call may put. */
export class StateError extends Error {
  override readonly name = 'StateError';
}

/** The state as one call sees it: what it puts is kept apart until the caller commits it. */
export class StateTransaction {
  readonly #state: DriverState;
  readonly #changes = new Map<string, string | undefined>();
  readonly #values: Record<string, string | null> = {};
  readonly #lists: Record<string, readonly string[]> = {};
  #put = 0;

  constructor(state: DriverState) {
    this.#state = state;
  }

  get reads(): StateReads {
    return { values: this.#values, lists: this.#lists };
  }

  get changes(): StateChanges {
    return this.#changes;
  }

  get(key: string): string | undefined {
    if (this.#changes.has(key)) return this.#changes.get(key);
    const value = this.#state.get(key);
    this.#values[key] = value ?? null;
    return value;
  }

  put(key: string, value: string): void {
    checkKey(key);
    this.#put += key.length + value.length;
    if (this.#put > MAX_PUT) throw new StateError(`puts more than ${MAX_PUT} characters in one call`);
    this.#changes.set(key, value);
  }

  remove(key: string): void {
    checkKey(key);
    this.#changes.set(key, undefined);
  }

  list(prefix: string): string[] {
    const kept = this.#state.list(prefix);
    this.#lists[prefix] = kept;
    const keys = new Set(kept);
    for (const [key, value] of this.#changes) {
      if (!key.startsWith(prefix)) continue;
      if (value === undefined) keys.delete(key);
      else keys.add(key);
    }
    return [...keys].sort();
  }
}

function checkKey(key: string): void {
  if (key.length === 0 || key.length > MAX_KEY) {
    throw new StateError(`puts a key of ${key.length} characters, where 1 to ${MAX_KEY} are allowed`);
  }
}

/** A state that lives as long as the process, for tests and for trying a driver. */
export class MemoryState implements DriverState {
  readonly #values = new Map<string, string>();

  get(key: string): string | undefined {
    return this.#values.get(key);
  }

  list(prefix: string): string[] {
    return [...this.#values.keys()].filter((key) => key.startsWith(prefix)).sort();
  }

  apply(changes: StateChanges): void {
    for (const [key, value] of changes) {
      if (value === undefined) this.#values.delete(key);
      else this.#values.set(key, value);
    }
  }
}
