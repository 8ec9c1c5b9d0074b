import { WherryError } from '../errors/error.ts';
import type { Database } from '../store/database.ts';
import type { Fault } from './fault.ts';

/** Faults that are listed at most; one page that is gone brings about hundreds. */
const MAX_LINES = 20;

/** What SQLite itself finds: pages, indexes, rows that refer to nothing (sqlite.org/pragma.html, integrity_check). */
export function checkDatabase(database: Database): readonly Fault[] {
  const damage = integrity(database);
  if (damage.length > 0) return damage.map((line) => damaged(database, line));
  return database
    .all<{ table: string; rowid: number | null; parent: string }>('PRAGMA foreign_key_check')
    .slice(0, MAX_LINES)
    .map(({ table, rowid, parent }) => ({
      kind: 'database',
      subject: `${table}:${rowid ?? ''}`,
      message: `A row of the table ${table} refers to a row of ${parent} that isn't there.`,
      ...(rowid === null ? {} : { mend: async () => dropRow(database, table, rowid) }),
    }));
}

/** Its complaints; none when all is well. */
function integrity(database: Database): readonly string[] {
  try {
    return database
      .all<{ integrity_check: string }>(`PRAGMA integrity_check(${MAX_LINES})`)
      .map((row) => row.integrity_check)
      .filter((line) => line !== 'ok');
  } catch (error) {
    if (error instanceof WherryError) return [error.message];
    throw error;
  }
}

function damaged(database: Database, line: string): Fault {
  const shown = line.replaceAll(/\s+/g, ' ').trim().replace(/\.$/, '');
  return {
    kind: 'database',
    subject: shown,
    message: `The database is damaged: ${shown}.`,
    mend: async () => {
      database.exec('REINDEX');
      if (integrity(database).length === 0) return 'Its indexes have been made anew; nothing is lost.';
      throw new WherryError('The database can not be mended.', {
        code: 'E_STATE_CORRUPT',
        hint: 'Put a copy of wherry.db back, or begin anew with another WHERRY_ROOT.',
      });
    },
  };
}

function dropRow(database: Database, table: string, rowid: number): string {
  database.run(`DELETE FROM "${table}" WHERE rowid = ?`, rowid);
  return 'The row has been removed.';
}
