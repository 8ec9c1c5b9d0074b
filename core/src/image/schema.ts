import { LAYOUT_TABLE } from '../blob/layout.ts';
import type { Schema } from '../store/schema.ts';
import { DROPPED_BLOB_TABLE } from './dropped-blobs.ts';

export const IMAGE_SCHEMA: Schema = {
  concern: 'image',
  steps: [
    `CREATE TABLE image (
       id TEXT PRIMARY KEY,           -- digest of the configuration
       manifest TEXT NOT NULL,        -- descriptor of the manifest
       media_type TEXT NOT NULL,
       manifest_size INTEGER NOT NULL,
       os TEXT NOT NULL,
       architecture TEXT NOT NULL,
       variant TEXT,
       created TEXT NOT NULL,         -- RFC 3339
       config TEXT NOT NULL,          -- JSON: the configuration's "config"
       chain TEXT NOT NULL,           -- JSON: chain ids from the bottom layer up
       size INTEGER NOT NULL          -- of the unpacked layers
     ) STRICT;
     CREATE TABLE image_layer (
       image TEXT NOT NULL REFERENCES image(id) ON DELETE CASCADE,
       position INTEGER NOT NULL,     -- from the bottom
       chain_id TEXT NOT NULL,
       diff_id TEXT NOT NULL,
       blob TEXT NOT NULL,
       media_type TEXT NOT NULL,
       size INTEGER NOT NULL,         -- of the blob
       PRIMARY KEY (image, position)
     ) STRICT, WITHOUT ROWID;
     CREATE INDEX image_layer_chain ON image_layer (chain_id);
     CREATE INDEX image_layer_blob ON image_layer (blob);
     CREATE TABLE image_name (
       name TEXT PRIMARY KEY,         -- in full, with a tag or a digest
       repository TEXT NOT NULL,      -- in full
       tag TEXT,                      -- null for a name by digest
       digest TEXT NOT NULL,          -- of the manifest or index that was pulled
       image TEXT NOT NULL REFERENCES image(id)
     ) STRICT, WITHOUT ROWID;
     CREATE INDEX image_name_image ON image_name (image);
     CREATE TABLE layer (
       driver TEXT NOT NULL,          -- storage driver
       chain_id TEXT NOT NULL,
       parent TEXT,
       size INTEGER NOT NULL,         -- unpacked
       PRIMARY KEY (driver, chain_id)
     ) STRICT, WITHOUT ROWID;
     ${LAYOUT_TABLE}`,
    DROPPED_BLOB_TABLE,
    // When it was committed, for as long as it isn't known to have reached the disk (layer-durability.ts).
    `ALTER TABLE layer ADD COLUMN unsynced TEXT`,
    // The image that this one was made of here, as long as that is here, too; when it was last given a name by hand, RFC 3339.
    `ALTER TABLE image ADD COLUMN parent TEXT;
     ALTER TABLE image ADD COLUMN last_tag TEXT;
     CREATE INDEX image_parent ON image (parent);`,
    // Layers that are copies of an image's, with the owners that its files have for a container (mapped-layers.ts).
    `CREATE TABLE mapped_layer (
       driver TEXT NOT NULL,
       chain_id TEXT NOT NULL,        -- name of the copy
       origin TEXT NOT NULL,          -- chain id
       ids TEXT NOT NULL,             -- JSON: uids and gids
       PRIMARY KEY (driver, chain_id)
     ) STRICT, WITHOUT ROWID;
     CREATE INDEX mapped_layer_origin ON mapped_layer (origin);`,
  ],
};
