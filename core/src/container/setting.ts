import type { Database } from '../store/database.ts';

/** What was found out of the machine once and is kept; undefined when it hasn't been. */
export function readSetting(database: Database, key: string): string | undefined {
  return database.get<{ value: string }>('SELECT value FROM setting WHERE key = ?', key)?.value;
}

/** Keeps it; of two commands that do so at once, the first one wins. */
export function writeSetting(database: Database, key: string, value: string): void {
  database.run('INSERT OR IGNORE INTO setting VALUES (?, ?)', key, value);
}
