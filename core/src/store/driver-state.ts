import type { Database } from './database.ts';

/** What one call of a driver put (text) or removed (undefined). */
export type DriverStateChanges = ReadonlyMap<string, string | undefined>;

/** What comes behind all texts with a beginning that ends in a plain character; a driver may have thousands of others. */
function following(prefix: string): string | undefined {
  const last = prefix.charCodeAt(prefix.length - 1);
  return last < 0x7f ? prefix.slice(0, -1) + String.fromCharCode(last + 1) : undefined;
}

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
    const end = following(prefix);
    const [bound, values] = end === undefined ? ['', []] : ['AND key < ?', [end]];
    return this.#database
      .all<{ key: string }>(
        `SELECT key FROM driver_state WHERE driver = ? AND key >= ? ${bound}`,
        this.#driver,
        prefix,
        ...values,
      )
      .map(({ key }) => key)
      .filter((key) => key.startsWith(prefix))
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

/**
 * Drops what network drivers have kept of a container or a network that is removed: what lies under keys with its id in them. Drivers
 * are not asked for that, as most commands that remove a container have no need of its network driver.
 */
export function forgetInNetworks(database: Database, id: string): void {
  database.run(`DELETE FROM driver_state WHERE ${OF_NETWORKS} AND instr(key, ?)`, id);
}

/** What network drivers keep. */
export function networkDriverKeys(
  database: Database,
): readonly { readonly driver: string; readonly key: string }[] {
  return database.all(`SELECT driver, key FROM driver_state WHERE ${OF_NETWORKS} ORDER BY driver, key`);
}

/** As a range, which the table's key serves. */
const OF_NETWORKS = `driver > 'network-' AND driver < 'network.'`;
