import type { Database } from '../store/database.ts';
import type { KeptAnswers } from './kept.ts';
import type { ContainerRow, ContainerSpec, RecordedState } from './record.ts';

/** In the order of {@link Columns}, and of the index `container_list`, from which a list is read without the specs. */
const COLUMNS =
  'created, id, name, image, image_id, command, state, launch, auto_remove, started_at, finished_at, exit_code, labels';

type Columns = readonly [
  created: string,
  id: string,
  name: string,
  image: string,
  imageId: string,
  command: string,
  state: RecordedState,
  launch: number,
  autoRemove: number,
  startedAt: string | null,
  finishedAt: string | null,
  exitCode: number | null,
  labels: string,
];

/** What a fold writes of a container's last run. */
export interface RunResult {
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly exitCode: number;
}

/** The containers of a state directory, one row each. */
export class ContainerTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** `pending` is what `create` leaves to be done at the first start, as text. */
  insert(row: ContainerRow, spec: ContainerSpec, pending: string): void {
    this.#database.run(
      `INSERT INTO container (id, name, image, image_id, storage_driver, top_layer, command, created, state,
         auto_remove, labels, pending, spec) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      row.id,
      row.name,
      row.image,
      row.imageId,
      spec.storageDriver,
      spec.topLayer ?? null,
      row.command,
      row.created,
      row.state,
      Number(row.autoRemove),
      JSON.stringify(row.labels),
      pending,
      JSON.stringify(spec),
    );
    for (const mount of spec.mounts) {
      if (mount.kind === 'image' && mount.topLayer !== undefined) {
        this.#database.run(
          'INSERT OR IGNORE INTO container_mounted_image VALUES (?, ?, ?)',
          row.id,
          spec.storageDriver,
          mount.topLayer,
        );
      }
      if (mount.kind !== 'volume') continue;
      this.#database.run(
        'INSERT OR IGNORE INTO container_volume VALUES (?, ?, ?)',
        row.id,
        mount.name,
        Number(mount.anonymous),
      );
    }
  }

  /** Newest first, as `ps` lists them. */
  all(): ContainerRow[] {
    return this.#list('');
  }

  inState(state: RecordedState): ContainerRow[] {
    return this.#list('WHERE state = ?', state);
  }

  /** As one text: each value that comes out of SQLite costs more than to parse it, and a thousand rows have thirteen thousand. */
  #list(where: string, ...values: readonly string[]): ContainerRow[] {
    const found = this.#database.get<{ list: string }>(
      `SELECT json_group_array(json_array(${COLUMNS})) AS list FROM (
         SELECT ${COLUMNS} FROM container ${where} ORDER BY created DESC, rowid DESC)`,
      ...values,
    );
    return (JSON.parse(found?.list ?? '[]') as Columns[]).map(parseRow);
  }

  get(id: string): ContainerRow | undefined {
    return this.#list('WHERE id = ?', id)[0];
  }

  spec(id: string): ContainerSpec | undefined {
    const found = this.#database.get<{ spec: string }>('SELECT spec FROM container WHERE id = ?', id);
    return found && (JSON.parse(found.spec) as ContainerSpec);
  }

  pending(id: string): string | undefined {
    const found = this.#database.get<{ pending: string | null }>(
      'SELECT pending FROM container WHERE id = ?',
      id,
    );
    return found?.pending ?? undefined;
  }

  idOfName(name: string): string | undefined {
    return this.#database.get<{ id: string }>('SELECT id FROM container WHERE name = ?', name)?.id;
  }

  /** At most two ids that begin with `prefix`, which holds hexadecimal digits alone. */
  idsByPrefix(prefix: string): string[] {
    return this.#database
      .all<{ id: string }>('SELECT id FROM container WHERE id >= ? AND id < ? LIMIT 2', prefix, `${prefix}g`)
      .map(({ id }) => id);
  }

  rename(id: string, name: string): void {
    this.#database.run('UPDATE container SET name = ? WHERE id = ?', name, id);
  }

  /** Replaces what was settled at `create`. Its mounts stay as they are. */
  setSpec(id: string, spec: ContainerSpec): void {
    this.#database.run('UPDATE container SET spec = ? WHERE id = ?', JSON.stringify(spec), id);
  }

  setState(id: string, state: RecordedState): void {
    this.#database.run('UPDATE container SET state = ? WHERE id = ?', state, id);
  }

  /** Notes that the user wants it to be stopped, for when the machine is started again. */
  setStopped(id: string): void {
    this.#database.run('UPDATE container SET stopped_by_user = 1 WHERE id = ?', id);
  }

  /** Ids of those that the user has stopped since their last start. */
  stoppedByUser(): ReadonlySet<string> {
    const rows = this.#database.all<{ id: string }>('SELECT id FROM container WHERE stopped_by_user = 1');
    return new Set(rows.map(({ id }) => id));
  }

  /** Notes that a start is being prepared, and what the drivers answered for it. */
  beginLaunch(id: string, kept?: KeptAnswers): void {
    this.#database.run(
      "UPDATE container SET state = 'started', launch = launch + 1, stopped_by_user = 0, kept = ? WHERE id = ?",
      kept === undefined ? null : JSON.stringify(kept),
      id,
    );
  }

  /** Keeps what drivers answered when it was created. */
  keep(id: string, kept: KeptAnswers): void {
    this.#database.run('UPDATE container SET kept = ? WHERE id = ?', JSON.stringify(kept), id);
  }

  kept(id: string): KeptAnswers | undefined {
    const found = this.#database.get<{ kept: string | null }>('SELECT kept FROM container WHERE id = ?', id);
    return found?.kept == null ? undefined : (JSON.parse(found.kept) as KeptAnswers);
  }

  /** Notes that the start with this number came to nothing. */
  endLaunch(id: string, launch: number): void {
    this.#database.run(
      `UPDATE container SET state = iif(finished_at IS NULL, 'created', 'exited')
       WHERE id = ? AND state = 'started' AND launch = ?`,
      id,
      launch,
    );
  }

  /**
   * Records the end of a run, unless another has been prepared since, or the container is being removed.
   * @returns whether it was recorded now
   */
  finish({ id, launch }: ContainerRow, { startedAt, finishedAt, exitCode }: RunResult): boolean {
    const { changes } = this.#database.run(
      `UPDATE container SET state = 'exited', started_at = ?, finished_at = ?, exit_code = ?
       WHERE id = ? AND state = 'started' AND launch = ?`,
      startedAt,
      finishedAt,
      exitCode,
      id,
      launch,
    );
    return changes > 0;
  }

  delete(id: string): void {
    this.#database.run('DELETE FROM container WHERE id = ?', id);
  }
}

const NO_LABELS: ContainerRow['labels'] = {};

function parseRow(columns: Columns): ContainerRow {
  const labels = columns[12];
  return {
    id: columns[1],
    name: columns[2],
    image: columns[3],
    imageId: columns[4],
    command: columns[5],
    created: columns[0],
    state: columns[6],
    launch: columns[7],
    autoRemove: columns[8] !== 0,
    startedAt: columns[9] ?? undefined,
    finishedAt: columns[10] ?? undefined,
    exitCode: columns[11] ?? undefined,
    labels: labels === '{}' ? NO_LABELS : (JSON.parse(labels) as ContainerRow['labels']),
  };
}
