import type { Database } from '../store/database.ts';

export interface VolumeRow {
  readonly name: string;
  /** RFC 3339 with nanoseconds. */
  readonly created: string;
  readonly anonymous: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /** The driver's options, `-o`. */
  readonly options: Readonly<Record<string, string>>;
}

/** A container, of any state, whose record names a volume. */
export interface VolumeUser {
  readonly id: string;
  readonly name: string;
}

interface Columns {
  readonly name: string;
  readonly created: string;
  readonly anonymous: number;
  readonly labels: string;
  readonly options: string;
}

/** The volumes of a state directory, one row each. Who uses them stands in the containers' rows. */
export class VolumeTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** By name, as Docker lists them. */
  all(): VolumeRow[] {
    return this.#database.all<Columns>('SELECT * FROM volume ORDER BY name').map(parseRow);
  }

  get(name: string): VolumeRow | undefined {
    const columns = this.#database.get<Columns>('SELECT * FROM volume WHERE name = ?', name);
    return columns && parseRow(columns);
  }

  insert({ name, created, anonymous, labels, options }: VolumeRow): void {
    this.#database.run(
      'INSERT INTO volume VALUES (?, ?, ?, ?, ?)',
      name,
      created,
      Number(anonymous),
      JSON.stringify(labels),
      JSON.stringify(options),
    );
  }

  delete(name: string): void {
    this.#database.run('DELETE FROM volume WHERE name = ?', name);
  }

  /** Oldest first. */
  users(name: string): VolumeUser[] {
    return this.#database.all<{ id: string; name: string }>(
      `SELECT container.id, container.name FROM container_volume JOIN container ON container.id = container_volume.container
       WHERE container_volume.volume = ? ORDER BY container.created`,
      name,
    );
  }

  /** How many containers use each volume that is used at all. */
  useCounts(): ReadonlyMap<string, number> {
    const rows = this.#database.all<{ volume: string; count: number }>(
      'SELECT volume, COUNT(*) AS count FROM container_volume GROUP BY volume',
    );
    return new Map(rows.map(({ volume, count }) => [volume, count]));
  }

  /** How many volumes each container has that has one. */
  countsByContainer(): ReadonlyMap<string, number> {
    const rows = this.#database.all<{ container: string; count: number }>(
      'SELECT container, COUNT(*) AS count FROM container_volume GROUP BY container',
    );
    return new Map(rows.map(({ container, count }) => [container, count]));
  }

  /** Volumes that were made for this container without a name. */
  anonymousOf(container: string): string[] {
    return this.#database
      .all<{ volume: string }>(
        'SELECT volume FROM container_volume WHERE container = ? AND anonymous = 1',
        container,
      )
      .map(({ volume }) => volume);
  }
}

function parseRow({ name, created, anonymous, labels, options }: Columns): VolumeRow {
  return {
    name,
    created,
    anonymous: anonymous !== 0,
    labels: JSON.parse(labels) as Readonly<Record<string, string>>,
    options: JSON.parse(options) as Readonly<Record<string, string>>,
  };
}
