import { closeSync, fsyncSync, openSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from '../store/database.ts';
import type { Temporary } from '../store/temporary.ts';

/** An entry of index.json: a manifest, and the name it goes by. */
export interface LayoutEntry {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform: { readonly os: string; readonly architecture: string; readonly variant?: string };
  readonly annotations: Readonly<Record<string, string>>;
}

/** The counter that tells whether index.json is behind the database; part of the schema of images. */
export const LAYOUT_TABLE = `CREATE TABLE layout (
   id INTEGER PRIMARY KEY CHECK (id = 0),
   generation INTEGER NOT NULL,  -- grows with each change of names
   written INTEGER NOT NULL      -- the generation that index.json shows
 ) STRICT;
 INSERT INTO layout VALUES (0, 1, 0);`;

/** Call in the transaction that changes what index.json is to show. */
export function touchLayout(database: Database): void {
  database.run('UPDATE layout SET generation = generation + 1');
}

/**
 * Writes index.json anew when it is behind, as after a change, or when a process was killed between a change and this. Under the
 * database's lock, so that an older index never replaces a newer one.
 * @param entries called within the transaction
 */
export function writeLayout(
  directory: string,
  database: Database,
  temporary: Temporary,
  entries: () => readonly LayoutEntry[],
): void {
  if (isCurrent(database)) return;
  database.transaction(() => {
    if (isCurrent(database)) return;
    const unfinished = temporary.path();
    const index = {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: entries(),
    };
    writeDurably(unfinished, JSON.stringify(index));
    writeFileSync(join(directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
    renameSync(unfinished, join(directory, 'index.json'));
    database.run('UPDATE layout SET written = generation');
  });
}

function isCurrent(database: Database): boolean {
  const row = database.get<{ current: number }>('SELECT generation = written AS current FROM layout');
  return row?.current === 1;
}

function writeDurably(path: string, text: string): void {
  const file = openSync(path, 'wx', 0o644);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
