import type { Database } from './database.ts';
import { isAlive, type Owner, thisProcess } from './owner.ts';

/** What a lease keeps from being collected, or a claim reserves. */
export type LeaseKind = 'blob' | 'layer' | 'snapshot' | 'ids';

/**
 * A process's hold on things that no image refers to yet, as containerd's leases. It ends with `release`, or with the
 * process. A *claim* beyond that says who does the work on a thing, so that two pulls don't do it twice.
 */
export class Lease implements Disposable {
  readonly #database: Database;
  readonly #id: number;

  constructor(database: Database) {
    this.#database = database;
    const { pid, startTime, bootId } = thisProcess();
    this.#id = database.run(
      'INSERT INTO lease (pid, start_time, boot_id) VALUES (?, ?, ?)',
      pid,
      startTime,
      bootId,
    ).rowId;
  }

  /** Once this has returned, nothing of it is collected. Ask afterwards whether it is there. */
  hold(kind: LeaseKind, names: Iterable<string>): void {
    this.#database.transaction(() => {
      for (const name of names) {
        this.#database.run('INSERT OR IGNORE INTO lease_item VALUES (?, ?, ?)', this.#id, kind, name);
      }
    });
  }

  /** Takes the work on a thing, unless a living process (or another pull of this one) has it. */
  claim(kind: string, name: string): boolean {
    return this.#database.transaction(() => {
      const holder = this.#database.get<LeaseRow>(
        'SELECT lease.* FROM claim JOIN lease ON lease.id = claim.lease WHERE claim.kind = ? AND claim.name = ?',
        kind,
        name,
      );
      if (holder !== undefined && isAlive(ownerOf(holder))) return false;
      this.#database.run('INSERT OR REPLACE INTO claim VALUES (?, ?, ?)', kind, name, this.#id);
      return true;
    });
  }

  disclaim(kind: string, name: string): void {
    this.#database.run('DELETE FROM claim WHERE kind = ? AND name = ? AND lease = ?', kind, name, this.#id);
  }

  release(): void {
    this.#database.run('DELETE FROM lease WHERE id = ?', this.#id);
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

interface LeaseRow {
  readonly id: number;
  readonly pid: number;
  readonly start_time: string;
  readonly boot_id: string;
}

const ownerOf = (row: LeaseRow): Owner => ({ pid: row.pid, startTime: row.start_time, bootId: row.boot_id });

/** Ends the leases of dead processes. Call within the transaction that collects. */
export function dropDeadLeases(database: Database): void {
  for (const row of database.all<LeaseRow>('SELECT * FROM lease')) {
    if (!isAlive(ownerOf(row))) database.run('DELETE FROM lease WHERE id = ?', row.id);
  }
}
