import { existsSync, rmSync } from 'node:fs';
import { EXIT, WherryError } from '../errors/error.ts';
import { behindEvents, containerEvent } from '../event/fold.ts';
import type { EventTable } from '../event/table.ts';
import { heldNamespaces } from '../network/held-namespaces.ts';
import { encodeFileOperations } from '../plan/encode.ts';
import type { FileOperation } from '../program/operation.ts';
import { forgetInNetworks } from '../store/driver-state.ts';
import { keepReserve } from '../store/reserve.ts';
import { removeCgroup } from './cgroup.ts';
import { type ContainerContext, currentRow, fold } from './context.ts';
import { commitState, type StateUpdate } from './drivers.ts';
import { readFacts } from './facts.ts';
import { removeLegacyGroups } from './legacy-cgroup.ts';
import { isPausedNow } from './pause.ts';
import type { ContainerRow } from './record.ts';
import { keptRemoval, removalPlan } from './removal.ts';
import { removeSmall } from './remove-small.ts';
import { rootsOf } from './roots.ts';

export interface RemoveOptions {
  readonly force?: boolean;
  /** Removes volumes without a name that no other container uses, too. */
  readonly volumes?: boolean;
}

/**
 * Removes a container: marks it, removes its trees, then its row, so that a removal that is cut off can be taken up again.
 * @throws WherryError `E_CONTAINER_RUNNING` in Docker's words, unless forced
 */
export async function removeContainer(
  context: ContainerContext,
  id: string,
  { force = false, volumes = false }: RemoveOptions,
): Promise<void> {
  // One transaction for the end and the mark: each waits for a lock, and writes pages of its own.
  const mark = (): void => context.table.setState(id, 'removing');
  const current = currentRow(context, id, mark);
  // Its monitor has removed it already.
  if (current === undefined) return purge(context, id);
  if (current.running) {
    if (!force) throw stillRunning(current.row, isPausedNow(readFacts(context.store.paths.container(id))));
    const { killContainer } = await import('./stop.ts');
    await killContainer(context, id);
    if (currentRow(context, id) === undefined) return purge(context, id);
  }
  if (current.running || current.row.state !== 'removing') mark();
  return purge(context, id, volumes);
}

/** Removes what is left of a container that doesn't run, then its row. Fine when some of it is gone. */
export async function purge(context: ContainerContext, id: string, volumes = true): Promise<void> {
  const cleared = await clearAway(context, id, volumes);
  if (cleared === undefined) return;
  const dropped = behindEvents(context, (events) => dropRow(context, events, cleared));
  await context.volumes.removeTrees(dropped);
  keepReserve(context.store.paths.root);
}

/** A container of which nothing but its row is left. */
export interface Cleared {
  readonly id: string;
  /** Whether volumes without a name that no other container uses go with it. */
  readonly volumes: boolean;
  /** What the storage driver forgets with it. */
  readonly state: StateUpdate;
}

/** Removes what is left of a container but for its row; undefined when another command has been quicker. */
export async function clearAway(
  context: ContainerContext,
  id: string,
  volumes = true,
): Promise<Cleared | undefined> {
  const { store, table } = context;
  await monitorEnd(context, id);
  const spec = table.spec(id);
  if (spec === undefined) return undefined;
  if (heldNamespaces(store.database).has(id)) {
    await (await import('../network/held-links.ts')).removeHeldLinks(context, id);
  }
  const { plan, state } = keptRemoval(context, id, spec) ?? removalPlan(await context.drivers(), id, spec);
  const trees: readonly FileOperation[] = encodeFileOperations(plan, rootsOf(context, plan.asker, id));
  // A monitor has done it for a container with --rm, as a rule; a worker would take longer than a start.
  const left = trees.filter((operation) => operation.op !== 'remove-tree' || !removeSmall(operation.path));
  if (left.length > 0) {
    const { carryOut, withWorker } = await import('./worker.ts');
    await withWorker(context, (worker) => carryOut(worker, left));
  }
  const { cgroup } = context.machine.platform;
  removeCgroup(cgroup, id, spec.options?.cgroupParent);
  removeLegacyGroups(cgroup, id, spec.options?.cgroupParent);
  const directory = store.paths.container(id);
  if (existsSync(directory)) rmSync(directory, { recursive: true, force: true });
  return { id, volumes, state };
}

/**
 * Drops the row of a container. To be called behind its monitor's events, which name it by its row.
 * @returns what `removeTrees` of the volumes is to remove once the transaction is done
 */
export function dropRow(
  context: ContainerContext,
  events: EventTable,
  { id, volumes, state }: Cleared,
): ReturnType<ContainerContext['volumes']['dropUnused']> {
  const { store, table } = context;
  const anonymous = volumes ? context.volumes.table.anonymousOf(id) : [];
  recordDestroy(context, events, id);
  table.delete(id);
  forgetInNetworks(store.database, id);
  commitState(store, [state]);
  return context.volumes.dropUnused(anonymous);
}

/** Unless its monitor has done it, and told so. */
function recordDestroy(context: ContainerContext, events: EventTable, id: string): void {
  if (events.latestOf('container', id, 'destroy') !== undefined) return;
  events.insert(containerEvent(context, id, 'destroy'));
}

/** Waits while the monitor of a container with `--rm` removes it. */
async function monitorEnd(context: ContainerContext, id: string): Promise<void> {
  const row = context.table.get(id);
  if (row?.autoRemove !== true || !fold(context, [row]).leaving.has(id)) return;
  const { started } = readFacts(context.store.paths.container(id));
  if (started === undefined) return;
  const { waitForProcess } = await import('../launcher/run.ts');
  const { monitorPid: pid, monitorStartTime: startTime } = started;
  await waitForProcess(context.launcher(), { pid, startTime });
}

function stillRunning({ id, name }: ContainerRow, paused: boolean): WherryError {
  const state = paused
    ? 'container is paused and must be unpaused first'
    : 'container is running: stop the container before removing or force remove';
  return new WherryError(`cannot remove container "/${name}": ${state}`, {
    code: 'E_CONTAINER_RUNNING',
    hint: `wherry stop ${id.slice(0, 12)}   stops it; wherry rm -f removes it as it runs.`,
    exitCode: EXIT.failure,
  });
}

/** Removes what is left of containers that have ended and were to be removed then. */
export async function sweep(context: ContainerContext): Promise<void> {
  const { gone, leaving } = fold(context, context.table.inState('started'));
  for (const id of [...gone, ...leaving]) await purge(context, id);
}
