import type { Database } from './database.ts';

/** What one call of a driver put (text) or removed (undefined). */
export type DriverStateChanges = ReadonlyMap<string, string | undefined>;

/** The key-value space of one driver (`host.state-*` of the contract). */
export class DriverState {
  readonly #database: Database;
  readonly #driver: string;

  constructor(database: Database, kind: 'storage' | 'network' | 'log', name: string) {
    this.#database = database;
    this.#driver = `${kind}-${name}`;
  }

  get(key: string): string | undefined {
    return this.#database.get<{ value: string }>(
      'SELECT value FROM driver_state WHERE driver = ? AND key = ?',
      this.#driver,
      key,
    )?.value;
  }

  /** Keys that begin with `prefix`, sorted by code unit. */
  list(prefix: string): string[] {
    return this.#database
      .all<{ key: string }>(
        'SELECT key FROM driver_state WHERE driver = ? AND substr(key, 1, length(?)) = ?',
        this.#driver,
        prefix,
        prefix,
      )
      .map(({ key }) => key)
      .sort();
  }

  /** Called within the transaction that commits what the plan brought about. */
  apply(changes: DriverStateChanges): void {
    this.#database.transaction(() => {
      for (const [key, value] of changes) {
        if (value === undefined) {
          this.#database.run('DELETE FROM driver_state WHERE driver = ? AND key = ?', this.#driver, key);
        } else {
          this.#database.run(
            'INSERT INTO driver_state VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
            this.#driver,
            key,
            value,
          );
        }
      }
    });
  }
}
