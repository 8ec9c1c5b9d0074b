import type { Schema } from '../store/schema.ts';

export const EVENT_SCHEMA: Schema = {
  concern: 'event',
  steps: [
    `CREATE TABLE event (
       id INTEGER PRIMARY KEY AUTOINCREMENT,
       time TEXT NOT NULL,
       type TEXT NOT NULL,
       action TEXT NOT NULL,
       actor TEXT NOT NULL,
       attributes TEXT NOT NULL,  -- JSON
       container TEXT,            -- the container that an event of a network or volume is about
       source TEXT UNIQUE         -- the file that it was read from: one that is read twice counts once
     ) STRICT;
     CREATE INDEX event_actor ON event (actor);
     CREATE INDEX event_container ON event (container);`,
  ],
};
