import type { Database } from '../store/database.ts';
import { type EngineEvent, type EventType, eventTime, type NewEvent } from './event.ts';

/** Events that are kept; Docker's daemon keeps 256. */
export const KEPT_EVENTS = 10_000;
/** They are counted once in so many, so that there are at most that many more. */
const TRIM_EVERY = 256;

interface Columns {
  readonly id: number;
  readonly time: string;
  readonly type: string;
  readonly action: string;
  readonly actor: string;
  readonly attributes: string;
  readonly container: string | null;
}

export interface StoredEvent extends EngineEvent {
  /** Grows with each event that was written down. */
  readonly id: number;
}

/** The events of a state directory, in the order in which they became known. */
export class EventTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** `source` names what an event was read from; one with a source that is there already is left out. */
  insert(event: NewEvent, source?: string): void {
    const { rowId } = this.#database.run(
      `INSERT OR IGNORE INTO event (time, type, action, actor, attributes, container, source)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
      event.time ?? eventTime(),
      event.type,
      event.action,
      event.actor,
      JSON.stringify(event.attributes),
      event.container ?? null,
      source ?? null,
    );
    if (rowId % TRIM_EVERY === 0) {
      this.#database.run('DELETE FROM event WHERE id <= ?', rowId - KEPT_EVENTS);
    }
  }

  /** The id of the last event; 0 when there is none. */
  last(): number {
    return this.#database.get<{ id: number | null }>('SELECT max(id) AS id FROM event')?.id ?? 0;
  }

  /** Those after an id, by time. */
  after(id: number): StoredEvent[] {
    return this.#all('SELECT * FROM event WHERE id > ? ORDER BY time, id', id);
  }

  /** The last event of an object. */
  latestOf(type: EventType, actor: string, action = '%'): StoredEvent | undefined {
    return this.#all(
      'SELECT * FROM event WHERE actor = ? AND type = ? AND action LIKE ? ORDER BY id DESC LIMIT 1',
      actor,
      type,
      action,
    )[0];
  }

  /** The command of an exec, by its id. */
  execCommand(container: string, execId: string): string {
    const [created] = this.#all(
      `SELECT * FROM event WHERE actor = ? AND action LIKE 'exec_create: %' AND attributes ->> '$.execID' = ?`,
      container,
      execId,
    );
    return created?.action.slice('exec_create: '.length) ?? '';
  }

  /** Of networks and volumes that concern a container, in order. */
  about(container: string): StoredEvent[] {
    return this.#all('SELECT * FROM event WHERE container = ? ORDER BY id', container);
  }

  #all(sql: string, ...values: readonly (string | number)[]): StoredEvent[] {
    return this.#database.all<Columns>(sql, ...values).map((row) => ({
      id: row.id,
      time: row.time,
      type: row.type as EventType,
      action: row.action,
      actor: row.actor,
      attributes: JSON.parse(row.attributes) as Readonly<Record<string, string>>,
      ...(row.container === null ? {} : { container: row.container }),
    }));
  }
}
