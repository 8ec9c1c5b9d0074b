import type { ImageService } from '../image/images.ts';
import type { Drivers } from '../plugin/drivers.ts';
import type { Environment } from '../store/root.ts';
import type { Store } from '../store/store.ts';
import type { VolumeStore } from '../volume/volumes.ts';
import type { ProcessTable } from './facts.ts';
import { type Folded, foldFacts } from './fold.ts';
import type { Machine } from './machine.ts';
import type { ContainerRow } from './record.ts';
import type { ContainerTable } from './table.ts';
import { timestamp } from './time.ts';

/** What the parts of a container's life work with. */
export interface ContainerContext {
  readonly store: Store;
  readonly table: ContainerTable;
  readonly volumes: VolumeStore;
  readonly env: Environment;
  readonly machine: Machine;
  readonly processes: ProcessTable;
  /** Process id of the client of what is started here: it becomes the launcher. */
  readonly clientPid: number;
  /** Loaded when they are first needed: `ps` needs none of them. */
  readonly images: () => Promise<ImageService>;
  readonly drivers: () => Promise<Drivers>;
  /** Absolute path of the launcher. */
  readonly launcher: () => string;
}

/** Takes into the database what the monitors of these containers have recorded. */
export function fold(
  context: ContainerContext,
  rows: readonly ContainerRow[],
  onEnd?: (id: string) => void,
): Folded {
  const { store, table, processes } = context;
  return foldFacts(rows, {
    database: store.database,
    table,
    directory: store.paths.container,
    processes,
    now: timestamp(),
    onEnd,
  });
}

/**
 * Whether a container runs now, the database brought up to date with it.
 * @param onEnd what else is done in the transaction that records its end, where that is done now
 */
export function currentRow(
  context: ContainerContext,
  id: string,
  onEnd?: () => void,
): { readonly row: ContainerRow; readonly running: boolean } | undefined {
  const row = context.table.get(id);
  if (row === undefined || row.state !== 'started') return row && { row, running: false };
  const { running, gone, leaving } = fold(context, [row], onEnd);
  if (gone.has(id) || leaving.has(id)) return undefined;
  const folded = context.table.get(id);
  return folded && { row: folded, running: running.has(id) };
}
