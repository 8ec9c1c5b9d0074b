import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { WherryError } from '../errors/error.ts';
import { explainDatabaseError } from './database-error.ts';
import { giveUpReserve } from './reserve.ts';

export type Value = SQLInputValue;

/** How long a command waits for another one's transaction. */
const BUSY_TIMEOUT_MS = 10_000;

/** Who opens the database after a process that didn't close it reads its log, so the log is kept short: 200 pages of 4 KiB. */
const CHECKPOINT_PAGES = 200;

/** 32 MiB. */
const BUSY_CHECKPOINT_PAGES = 8000;

/**
 * The one database of a state directory. Write-ahead log with `synchronous=NORMAL`: a process killed at any instant leaves
 * the last committed state, a power cut may lose the last transactions and nothing else. Statements are prepared once.
 *
 * There is no need to close it before the process ends, and it is quicker not to: closing writes the log back.
 */
export class Database implements Disposable {
  readonly #path: string;
  readonly #sqlite: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #depth = 0;
  #busy = 0;

  /** @throws WherryError `E_STATE_CORRUPT`, `E_STATE_READ_ONLY`, `E_NO_SPACE`, `E_STATE_BUSY` */
  constructor(path: string) {
    this.#path = path;
    this.#sqlite = this.#explained(() => new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS }));
    this.exec(`PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  }

  get path(): string {
    return this.#path;
  }

  /** Runs SQL that answers with nothing. */
  exec(sql: string): void {
    this.#explained(() => this.#sqlite.exec(sql));
  }

  /** The first row; the caller's type says what the SQL selects. */
  get<Row extends object>(sql: string, ...values: readonly Value[]): Row | undefined {
    return this.#explained(() => this.#prepare(sql).get(...values) as Row | undefined);
  }

  all<Row extends object>(sql: string, ...values: readonly Value[]): Row[] {
    return this.#explained(() => this.#prepare(sql).all(...values) as unknown as Row[]);
  }

  /** @returns how many rows changed, and the row id of the last insertion */
  run(sql: string, ...values: readonly Value[]): { readonly changes: number; readonly rowId: number } {
    const { changes, lastInsertRowid } = this.#explained(() => this.#prepare(sql).run(...values));
    return { changes: Number(changes), rowId: Number(lastInsertRowid) };
  }

  /**
   * All of `work` or nothing: rolled back when it throws. Takes the write lock at once (BEGIN IMMEDIATE), so what `work`
   * reads stays true until it ends; must not be asynchronous. Within another transaction it is a savepoint. When the disk is
   * full, `work` is done once more with the reserve's room.
   */
  transaction<Result>(work: () => Result extends PromiseLike<unknown> ? never : Result): Result {
    if (this.#depth > 0) return this.#attempt(work);
    try {
      return this.#attempt(work);
    } catch (error) {
      if (!this.#hasRoomNow(error)) throw error;
      return this.#attempt(work);
    }
  }

  #attempt<Result>(work: () => Result): Result {
    const savepoint = `s${this.#depth}`;
    const outermost = this.#depth === 0;
    this.exec(outermost ? 'BEGIN IMMEDIATE' : `SAVEPOINT ${savepoint}`);
    this.#depth += 1;
    try {
      const result = work();
      this.exec(outermost ? 'COMMIT' : `RELEASE ${savepoint}`);
      return result;
    } catch (error) {
      // SQLite has rolled back by itself after some failures, such as a full disk.
      if (this.#sqlite.isTransaction) {
        this.exec(outermost ? 'ROLLBACK' : `ROLLBACK TO ${savepoint}; RELEASE ${savepoint}`);
      }
      throw error;
    } finally {
      this.#depth -= 1;
    }
  }

  /** Takes back all that `work` changed when it has ended, and says what it returned. */
  rehearse<Result>(work: () => Result): Result {
    const over: { readonly result?: Result } = {};
    try {
      this.transaction(() => {
        Object.assign(over, { result: work() });
        throw over;
      });
    } catch (error) {
      if (error !== over) throw error;
    }
    return over.result as Result;
  }

  /**
   * Lets the log grow while `work` makes many small changes: each writing back waits for the disk several times. What is committed
   * meanwhile survives the end of the process as ever; the first transaction afterwards writes the log back.
   */
  async manyChanges<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#busy += 1;
    if (this.#busy === 1) this.exec(`PRAGMA wal_autocheckpoint = ${BUSY_CHECKPOINT_PAGES}`);
    try {
      return await work();
    } finally {
      this.#busy -= 1;
      if (this.#busy === 0) this.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    }
  }

  close(): void {
    this.#statements.clear();
    if (this.#sqlite.isOpen) this.#sqlite.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#sqlite.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #explained<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      const explained = this.#explain(error);
      // Within a transaction SQLite has taken back what came before.
      if (this.#depth > 0 || !this.#hasRoomNow(explained)) throw explained;
    }
    try {
      return work();
    } catch (error) {
      throw this.#explain(error);
    }
  }

  #explain(error: unknown): unknown {
    return this.#sqlite?.isOpen === false ? closed() : explainDatabaseError(error, this.#path);
  }

  #hasRoomNow(error: unknown): boolean {
    return error instanceof WherryError && error.code === 'E_NO_SPACE' && giveUpReserve(this.#path);
  }
}

function closed(): WherryError {
  return new WherryError('The engine was closed, and can do nothing more.', {
    code: 'E_CLOSED',
    hint: 'Close it after the last call has been answered, or open another.',
  });
}
