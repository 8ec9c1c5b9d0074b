import { WherryError } from '../errors/error.ts';
import type { Database } from './database.ts';
import { type Schema, schemaVersion } from './schema.ts';

/**
 * Brings the tables up to date. Costs one pragma when they are.
 * @throws WherryError `E_STATE_NEWER` when a later version of Wherry has been at work here
 */
export function migrate(database: Database, schemas: readonly Schema[]): void {
  const wanted = schemaVersion(schemas);
  if (version(database) === wanted) return;
  database.transaction(() => {
    // Another process may have done it while this one waited for the lock.
    const found = version(database);
    if (found === wanted) return;
    if (found > wanted) throw newer();
    database.exec(
      'CREATE TABLE IF NOT EXISTS schema_step (concern TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT',
    );
    for (const { concern, steps } of schemas) runSteps(database, concern, steps);
    database.exec(`PRAGMA user_version = ${wanted}`);
  });
}

function runSteps(database: Database, concern: string, steps: readonly string[]): void {
  const row = database.get<{ count: number }>('SELECT count FROM schema_step WHERE concern = ?', concern);
  const done = row?.count ?? 0;
  if (done > steps.length) throw newer();
  for (const step of steps.slice(done)) database.exec(step);
  database.run(
    'INSERT INTO schema_step VALUES (?, ?) ON CONFLICT (concern) DO UPDATE SET count = excluded.count',
    concern,
    steps.length,
  );
}

function version(database: Database): number {
  return database.get<{ user_version: number }>('PRAGMA user_version')?.user_version ?? 0;
}

function newer(): WherryError {
  return new WherryError('The state directory was last used by a newer version of Wherry.', {
    code: 'E_STATE_NEWER',
    hint: 'Use that version, or name another state directory with WHERRY_ROOT.',
  });
}
