/**
 * The tables of one concern, as the list of steps that made them: each is SQL, run once, in order. A later version of
 * Wherry appends steps and never alters one.
 */
export interface Schema {
  readonly concern: string;
  readonly steps: readonly string[];
}

/** The store's own tables. */
export const STORE_SCHEMA: Schema = {
  concern: 'store',
  steps: [
    `CREATE TABLE driver_state (
       driver TEXT NOT NULL,  -- kind-name, e.g. storage-overlay
       key TEXT NOT NULL,
       value TEXT NOT NULL,
       PRIMARY KEY (driver, key)
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE lease (
       id INTEGER PRIMARY KEY,
       pid INTEGER NOT NULL,
       start_time TEXT NOT NULL,
       boot_id TEXT NOT NULL
     ) STRICT;
     CREATE TABLE lease_item (
       lease INTEGER NOT NULL REFERENCES lease(id) ON DELETE CASCADE,
       kind TEXT NOT NULL,
       name TEXT NOT NULL,
       PRIMARY KEY (lease, kind, name)
     ) STRICT, WITHOUT ROWID;
     CREATE INDEX lease_item_name ON lease_item (kind, name);
     CREATE TABLE claim (
       kind TEXT NOT NULL,
       name TEXT NOT NULL,
       lease INTEGER NOT NULL REFERENCES lease(id) ON DELETE CASCADE,
       PRIMARY KEY (kind, name)
     ) STRICT, WITHOUT ROWID;`,
  ],
};

/** How many steps there are in all: what `user_version` says once all have been run. */
export function schemaVersion(schemas: readonly Schema[]): number {
  return schemas.reduce((sum, { steps }) => sum + steps.length, 0);
}
