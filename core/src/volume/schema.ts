import type { Schema } from '../store/schema.ts';

/** Who uses a volume is in `container_volume`, written with the container's row. */
export const VOLUME_SCHEMA: Schema = {
  concern: 'volume',
  steps: [
    `CREATE TABLE volume (
       name TEXT PRIMARY KEY,
       created TEXT NOT NULL,       -- RFC 3339
       anonymous INTEGER NOT NULL,
       labels TEXT NOT NULL,        -- JSON
       options TEXT NOT NULL        -- JSON: the driver's options
     ) STRICT, WITHOUT ROWID;
     INSERT OR IGNORE INTO volume
       SELECT volume, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), anonymous, '{}', '{}' FROM container_volume;`,
  ],
};
