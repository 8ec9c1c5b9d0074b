import { existsSync } from 'node:fs';
import { EventTable } from '../event/table.ts';
import type { Database } from '../store/database.ts';
import { type Facts, isRunning, monitorLives, type ProcessTable, readFacts } from './facts.ts';
import { endOrphan } from './orphan.ts';
import type { ContainerRow } from './record.ts';
import type { ContainerTable, RunResult } from './table.ts';

/** Exit status of a container whose monitor was killed, or whose machine went down: as for SIGKILL. */
const LOST = 137;

/** What the facts say of a container that may run. */
export type Finding =
  | { readonly kind: 'running'; readonly facts: Facts }
  /** `lost`: nobody was there to record it. */
  | { readonly kind: 'ended'; readonly result: RunResult; readonly lost: boolean }
  /** A start was prepared and hasn't come to pass, or not yet. */
  | { readonly kind: 'pending' }
  /** It has `--rm` and has ended; its monitor is still removing it. */
  | { readonly kind: 'leaving' }
  /** It has `--rm`, and its monitor has removed it or was killed before it could. */
  | { readonly kind: 'gone' };

/** Looks at the facts of one container. `now` is RFC 3339, for an end that nobody recorded. */
export function examine(
  row: Pick<ContainerRow, 'startedAt' | 'autoRemove'>,
  directory: string,
  processes: ProcessTable,
  now: string,
): Finding {
  const facts = readFacts(directory);
  if (isRunning(facts, processes)) return { kind: 'running', facts };
  const { started, exited } = facts;
  if (started === undefined) return { kind: existsSync(directory) ? 'pending' : 'gone' };
  // What is there is still of the run before, and known.
  if (started.time === row.startedAt) return { kind: 'pending' };
  const ended = exited !== undefined && exited.time >= started.time;
  if (!ended && !monitorLives(started, processes)) endOrphan(started, processes);
  if (row.autoRemove) return { kind: monitorLives(started, processes) ? 'leaving' : 'gone' };
  // Read again: the monitor may have written its last word and gone between the two looks.
  const last = exited ?? readFacts(directory).exited;
  const recorded = last !== undefined && last.time >= started.time;
  return {
    kind: 'ended',
    result: {
      startedAt: started.time,
      finishedAt: recorded ? last.time : now,
      exitCode: recorded ? last.status : LOST,
    },
    lost: !recorded,
  };
}

export interface FoldRequest {
  readonly database: Database;
  readonly table: ContainerTable;
  /** The directory of a container, by its id. */
  readonly directory: (id: string) => string;
  readonly processes: ProcessTable;
  readonly now: string;
  /** What else is done in the transaction that records the end of a container. */
  readonly onEnd?: ((id: string) => void) | undefined;
}

/** What folding found. */
export interface Folded {
  /** Containers that run, by id. */
  readonly running: ReadonlyMap<string, Facts>;
  /** Ended containers with `--rm` of which nothing but a row, or what a killed monitor left, is still there. */
  readonly gone: ReadonlySet<string>;
  /** Ended containers with `--rm` that their monitors are removing now. */
  readonly leaving: ReadonlySet<string>;
}

/** Takes what monitors have recorded since the last command into the database. */
export function foldFacts(rows: readonly ContainerRow[], request: FoldRequest): Folded {
  const running = new Map<string, Facts>();
  const gone = new Set<string>();
  const leaving = new Set<string>();
  const ended: { readonly row: ContainerRow; readonly result: RunResult; readonly lost: boolean }[] = [];
  for (const row of rows) {
    const finding = examine(row, request.directory(row.id), request.processes, request.now);
    if (finding.kind === 'running') running.set(row.id, finding.facts);
    else if (finding.kind === 'gone') gone.add(row.id);
    else if (finding.kind === 'leaving') leaving.add(row.id);
    else if (finding.kind === 'ended') ended.push({ ...finding, row });
  }
  if (ended.length > 0) {
    request.database.transaction(() => {
      for (const { row, result, lost } of ended) {
        if (request.table.finish(row, result) && lost) recordLost(request.database, row, result);
        request.onEnd?.(row.id);
      }
    });
  }
  return { running, gone, leaving };
}

/** In the place of the monitor, which was killed or went down with the machine. */
function recordLost(database: Database, row: ContainerRow, { exitCode, finishedAt: time }: RunResult): void {
  const attributes = { ...row.labels, image: row.image, name: row.name, exitCode: String(exitCode) };
  new EventTable(database).insert({ type: 'container', action: 'die', actor: row.id, time, attributes });
}
