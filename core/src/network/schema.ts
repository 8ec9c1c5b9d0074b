import type { Schema } from '../store/schema.ts';

export const NETWORK_SCHEMA: Schema = {
  concern: 'network',
  steps: [
    `CREATE TABLE network (
       id TEXT PRIMARY KEY,
       name TEXT NOT NULL UNIQUE,
       driver TEXT NOT NULL,
       created TEXT NOT NULL,
       attachable INTEGER NOT NULL,
       config TEXT NOT NULL,      -- JSON: the driver's network-config, completed
       labels TEXT NOT NULL       -- JSON
     ) STRICT;
     CREATE TABLE endpoint (
       network TEXT NOT NULL REFERENCES network(id),
       container TEXT NOT NULL REFERENCES container(id) ON DELETE CASCADE,
       position INTEGER NOT NULL, -- the interface is eth and this number
       id TEXT NOT NULL,
       aliases TEXT NOT NULL,     -- JSON
       asked_ip4 TEXT,            -- what the user wants
       asked_ip6 TEXT,
       asked_mac TEXT,
       ip4 TEXT,                  -- the lease: as long as the container runs, or its start is being prepared
       ip6 TEXT,
       mac TEXT,
       owner_pid INTEGER,         -- who prepares the start
       owner_start TEXT,
       owner_boot TEXT,
       PRIMARY KEY (network, container)
     ) STRICT;
     CREATE INDEX endpoint_container ON endpoint (container);`,
    // JSON: links, options of the driver, the priority of the gateway.
    `ALTER TABLE endpoint ADD COLUMN wishes TEXT NOT NULL DEFAULT '{}';`,
    // JSON: addresses that no container gets, by name.
    `ALTER TABLE network ADD COLUMN auxiliary TEXT NOT NULL DEFAULT '{}';`,
  ],
};
