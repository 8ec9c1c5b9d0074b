import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ContainerRow, ContainerSpec } from '../../src/container/record.ts';
import { CONTAINER_SCHEMA } from '../../src/container/schema.ts';
import { ContainerTable } from '../../src/container/table.ts';
import { EVENT_SCHEMA } from '../../src/event/schema.ts';
import { Database } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';

export const SPEC: ContainerSpec = {
  topLayer: 'sha256:aa',
  command: { entrypoint: [], cmd: ['sh'] },
  env: [],
  workdir: '/',
  user: '',
  interactive: false,
  tty: false,
  autoRemove: false,
  readOnly: false,
  privileged: false,
  init: false,
  mounts: [],
  network: 'none',
  capAdd: [],
  capDrop: [],
  security: { noNewPrivileges: false, seccomp: 'default' },
  stopSignal: 15,
  stopTimeout: 10,
  storageDriver: 'overlay',
  logDriver: 'json-file',
  logOptions: {},
};

export function row(change: Partial<ContainerRow> = {}): ContainerRow {
  return {
    id: 'a'.repeat(64),
    name: 'web',
    image: 'busybox',
    imageId: 'sha256:bb',
    command: 'sh',
    created: '2026-01-01T00:00:00.000000000Z',
    state: 'created',
    launch: 0,
    autoRemove: false,
    labels: {},
    ...change,
  };
}

/** Tables and container directories in a place of their own. */
export class State implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), 'wherry-state-'));
  readonly database = new Database(join(this.root, 'wherry.db'));
  readonly table = new ContainerTable(this.database);

  constructor() {
    migrate(this.database, [CONTAINER_SCHEMA, EVENT_SCHEMA]);
  }

  directory = (id: string): string => join(this.root, id);

  add(change: Partial<ContainerRow> = {}, spec: Partial<ContainerSpec> = {}): ContainerRow {
    const added = row(change);
    this.table.insert(added, { ...SPEC, ...spec }, '[]');
    mkdirSync(this.directory(added.id));
    return added;
  }

  write(id: string, fact: 'started' | 'exited', text: string): void {
    writeFileSync(join(this.directory(id), fact), `${text}\n`);
  }

  [Symbol.dispose](): void {
    this.database.close();
    rmSync(this.root, { recursive: true });
  }
}
