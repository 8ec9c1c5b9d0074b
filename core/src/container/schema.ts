import type { Schema } from '../store/schema.ts';

export const CONTAINER_SCHEMA: Schema = {
  concern: 'container',
  steps: [
    `CREATE TABLE container (
       id TEXT PRIMARY KEY,
       name TEXT NOT NULL UNIQUE,
       image TEXT NOT NULL,       -- as the user named it
       image_id TEXT NOT NULL,
       storage_driver TEXT NOT NULL,
       top_layer TEXT,            -- chain id
       command TEXT NOT NULL,     -- as ps shows it
       created TEXT NOT NULL,
       state TEXT NOT NULL,       -- created, started, exited, removing
       launch INTEGER NOT NULL DEFAULT 0,  -- counts the preparations of a start
       auto_remove INTEGER NOT NULL,
       started_at TEXT,
       finished_at TEXT,
       exit_code INTEGER,
       labels TEXT NOT NULL,      -- JSON
       pending TEXT,              -- JSON: steps that create left for the first start
       spec TEXT NOT NULL         -- JSON
     ) STRICT;
     CREATE INDEX container_state ON container (state);
     CREATE INDEX container_image ON container (image_id);
     CREATE INDEX container_layer ON container (storage_driver, top_layer);
     CREATE TABLE container_volume (
       container TEXT NOT NULL REFERENCES container(id) ON DELETE CASCADE,
       volume TEXT NOT NULL,
       anonymous INTEGER NOT NULL,
       PRIMARY KEY (container, volume)
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE setting (
       key TEXT PRIMARY KEY,      -- what was found out of the machine once and for all
       value TEXT NOT NULL
     ) STRICT, WITHOUT ROWID;
     CREATE INDEX container_volume_name ON container_volume (volume);`,
    `CREATE TABLE container_mounted_image (  -- images that are mounted into a container
       container TEXT NOT NULL REFERENCES container(id) ON DELETE CASCADE,
       storage_driver TEXT NOT NULL,
       top_layer TEXT NOT NULL,
       PRIMARY KEY (container, top_layer)
     ) STRICT, WITHOUT ROWID;`,
    'ALTER TABLE container ADD COLUMN stopped_by_user INTEGER NOT NULL DEFAULT 0',
    // What `ps` shows, so that it needn't read through the specs.
    `CREATE INDEX container_list ON container (created, id, name, image, image_id, command, state, launch,
       auto_remove, started_at, finished_at, exit_code, labels)`,
    // JSON: what its drivers said at its last start, or when it was created.
    'ALTER TABLE container ADD COLUMN kept TEXT',
  ],
};
