import { rmSync } from 'node:fs';
import { EXIT, WherryError } from '../errors/error.ts';
import { containerEvent, foldEvents } from '../event/fold.ts';
import { EventTable } from '../event/table.ts';
import { encodeFileOperations } from '../plan/encode.ts';
import type { FileOperation } from '../program/operation.ts';
import { removeCgroup } from './cgroup.ts';
import { type ContainerContext, currentRow, fold } from './context.ts';
import { commitState } from './drivers.ts';
import { readFacts } from './facts.ts';
import { removalPlan } from './removal.ts';
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
  const current = currentRow(context, id);
  // Its monitor has removed it already.
  if (current === undefined) return purge(context, id);
  if (current.running) {
    if (!force) throw stillRunning(id);
    const { killContainer } = await import('./stop.ts');
    await killContainer(context, id);
    if (currentRow(context, id) === undefined) return purge(context, id);
  }
  context.table.setState(id, 'removing');
  return purge(context, id, volumes);
}

/** Removes what is left of a container that doesn't run, then its row. Fine when some of it is gone. */
export async function purge(context: ContainerContext, id: string, volumes = true): Promise<void> {
  const { store, table } = context;
  await monitorEnd(context, id);
  // As long as there is a row that says whose they are.
  foldEvents(context);
  const spec = table.spec(id);
  // Another command has been quicker.
  if (spec === undefined) return;
  const { plan, state } = removalPlan(await context.drivers(), id, spec);
  const trees: readonly FileOperation[] = encodeFileOperations(plan, rootsOf(context, plan.asker, id));
  // A monitor has done it for a container with --rm, as a rule; a worker would take longer than a start.
  const left = trees.filter((operation) => operation.op !== 'remove-tree' || !removeSmall(operation.path));
  if (left.length > 0) {
    const { carryOut, withWorker } = await import('./worker.ts');
    await withWorker(context, (worker) => carryOut(worker, left));
  }
  removeCgroup(context.machine.platform.cgroup, id, spec.options?.cgroupParent);
  rmSync(store.paths.container(id), { recursive: true, force: true });
  const dropped = store.database.transaction(() => {
    const anonymous = volumes ? context.volumes.table.anonymousOf(id) : [];
    recordDestroy(context, id);
    table.delete(id);
    commitState(store, [state]);
    return context.volumes.dropUnused(anonymous);
  });
  await context.volumes.removeTrees(dropped);
}

/** Unless its monitor has done it, and told so. */
function recordDestroy(context: ContainerContext, id: string): void {
  const events = new EventTable(context.store.database);
  if (events.latestOf('container', id, 'destroy') !== undefined) return;
  events.insert(containerEvent(context, id, 'destroy'));
}

/** Waits while the monitor of a container with `--rm` removes it. */
async function monitorEnd(context: ContainerContext, id: string): Promise<void> {
  const row = context.table.get(id);
  if (row === undefined || !fold(context, [row]).leaving.has(id)) return;
  const { started } = readFacts(context.store.paths.container(id));
  if (started === undefined) return;
  const { waitForProcess } = await import('../launcher/run.ts');
  const { monitorPid: pid, monitorStartTime: startTime } = started;
  await waitForProcess(context.launcher(), { pid, startTime });
}

function stillRunning(id: string): WherryError {
  return new WherryError(
    `cannot remove container "${id}": container is running: stop the container before removing or force remove`,
    {
      code: 'E_CONTAINER_RUNNING',
      hint: `wherry stop ${id.slice(0, 12)}   stops it; wherry rm -f removes it as it runs.`,
      exitCode: EXIT.failure,
    },
  );
}

/** Removes what is left of containers that have ended and were to be removed then. */
export async function sweep(context: ContainerContext): Promise<void> {
  const { gone, leaving } = fold(context, context.table.inState('started'));
  for (const id of [...gone, ...leaving]) await purge(context, id);
}
