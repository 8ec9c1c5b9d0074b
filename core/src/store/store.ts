import { chmodSync, existsSync, linkSync } from 'node:fs';
import { Database } from './database.ts';
import { DriverState } from './driver-state.ts';
import { errnoOf } from './errno.ts';
import { migrate } from './migrate.ts';
import { makeLayout, openPaths, type PathOptions, type StatePaths } from './paths.ts';
import { keepReserve } from './reserve.ts';
import { type Schema, STORE_SCHEMA } from './schema.ts';
import { Temporary } from './temporary.ts';

/** The state of one root: its paths, its database, its unfinished files. */
export interface Store {
  readonly paths: StatePaths;
  readonly database: Database;
  readonly temporary: Temporary;
  driverState(kind: 'storage' | 'network' | 'log', name: string): DriverState;
}

/**
 * Opens the state, made at first use. @param schemas the tables of every concern, in an order that foreign keys can follow
 * @throws WherryError `E_STATE_*`, `E_UNSAFE_DIRECTORY`, `E_NO_SPACE`
 */
export function openStore(options: PathOptions, schemas: readonly Schema[]): Store {
  const paths = openPaths(options);
  const temporary = new Temporary(paths.temporary);
  const all = [STORE_SCHEMA, ...schemas];
  if (!existsSync(paths.database)) {
    makeLayout(paths, options.uid);
    createDatabase(paths.database, temporary, all);
    keepReserve(paths.root);
  }
  const database = new Database(paths.database);
  migrate(database, all);
  return {
    paths,
    database,
    temporary,
    driverState: (kind, name) => new DriverState(database, kind, name),
  };
}

/** The first database appears whole: several first commands at once, or one that is killed, do no harm. */
function createDatabase(path: string, temporary: Temporary, schemas: readonly Schema[]): void {
  const unfinished = temporary.path();
  const database = new Database(unfinished);
  chmodSync(unfinished, 0o600);
  database.exec('PRAGMA journal_mode = WAL');
  migrate(database, schemas);
  database.close();
  try {
    linkSync(unfinished, path);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
  temporary.clear();
}
