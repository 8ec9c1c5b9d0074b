import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkPlan } from '../plan/check.ts';
import { encodeFileOperations, encodePlan } from '../plan/encode.ts';
import { encodeProgram } from '../program/encode.ts';
import type { Program } from '../program/operation.ts';
import type { TreeWorker } from '../tree/worker.ts';
import { type ContainerContext, currentRow } from './context.ts';
import { driverGrants } from './drivers.ts';
import { notFound } from './find.ts';
import { withOwnedRoot } from './own-ids.ts';
import { stepsFromText } from './pending.ts';
import { holderDirectory, namespaceSettings } from './program.ts';
import { removalPlan } from './removal.ts';
import { ownTree, rootTrees } from './rootfs.ts';
import { checkRootDirectory } from './rootfs-directory.ts';
import { ensureDriverRoots, giveToRoot, rootsOf } from './roots.ts';
import { findRunning } from './running.ts';
import { storageOf } from './storage.ts';
import { sureLayers } from './sure-layers.ts';
import { carryOut, withWorker } from './worker.ts';

/**
 * Runs something with a worker on trees whose root is the container's: paths are the container's, and no link leads out of it.
 * Owners are the container's, too. One that runs is looked at as it is, with its mounts; another has its root mounted for the worker alone.
 */
export async function withView<Result>(
  context: ContainerContext,
  id: string,
  work: (worker: TreeWorker) => Promise<Result>,
): Promise<Result> {
  const running = findRunning(context, id);
  const program =
    running?.init === undefined
      ? await stoppedView(context, id)
      : viewProgram(context, [{ op: 'join', pid: running.init.pid, startTime: running.init.startTime }]);
  const path = join(context.store.paths.runtime(), `view-${process.pid}-${id.slice(0, 12)}`);
  writeFileSync(path, encodeProgram(program), { mode: 0o600 });
  const { TreeWorker } = await import('../tree/worker.ts');
  try {
    await using worker = new TreeWorker({ file: context.launcher(), args: ['ns', path, 'tree'] });
    const ids = context.table.spec(id)?.ids;
    if (ids !== undefined) await worker.ids(ids);
    return await work(worker);
  } finally {
    rmSync(path, { force: true });
  }
}

function viewProgram(
  { store, machine }: ContainerContext,
  settings: Program['settings'],
  container: Program['container'] = [],
): Program {
  const common = namespaceSettings(machine.idmap, holderDirectory(store.paths.runtime()));
  return { settings: [...common, ...settings], prepare: [], container, cleanup: [] };
}

async function stoppedView(context: ContainerContext, id: string): Promise<Program> {
  const { store, table, machine } = context;
  const current = currentRow(context, id);
  const spec = table.spec(id);
  if (current === undefined || spec === undefined) throw notFound(id);
  if (spec.rootfs !== undefined) checkRootDirectory(spec.rootfs);
  await sureLayers(context, spec);
  await prepareRoot(context, id);
  const rootfs = join(store.paths.container(id), 'rootfs');
  for (const path of [store.paths.container(id), rootfs]) {
    mkdirSync(path, { recursive: true, mode: 0o755 });
    giveToRoot(machine, path);
  }
  const storage = storageOf(await context.drivers(), spec);
  const asker = { kind: 'storage', driver: storage.info.name, request: 'mounts' } as const;
  const { value: steps } = storage.mounts({ id, readOnly: false, facts: machine.facts, options: [] });
  const checked = checkPlan({ asker, steps, grants: driverGrants(storage) });
  const { container } = encodePlan(checked, rootsOf(context, asker, id));
  return viewProgram(context, [], [...container, { op: 'pivot-root', readOnly: false }]);
}

/** Does what `create` left for the first start, so that a container that never ran has files. */
async function prepareRoot(context: ContainerContext, id: string): Promise<void> {
  const { table } = context;
  const row = table.get(id);
  const spec = table.spec(id);
  const text = table.pending(id);
  if (row === undefined || spec === undefined || text === undefined) return;
  if (row.startedAt !== undefined || spec.prepared === true) return;
  const trees = await rootTrees(context, id);
  const drivers = await context.drivers();
  const storage = storageOf(drivers, spec);
  const asker = { kind: 'storage', driver: storage.info.name, request: 'prepare-container' } as const;
  const checked = checkPlan({ asker, steps: stepsFromText(text), grants: driverGrants(storage) });
  const roots = rootsOf(context, asker, id);
  ensureDriverRoots(context, asker);
  const { plan } = removalPlan(drivers, id, spec);
  const there = existsSync(ownTree(trees));
  // What is there already is of a start, or a copy, that was cut off.
  const leftovers = there ? encodeFileOperations(plan, rootsOf(context, plan.asker, id)) : [];
  await withWorker(context, (worker) =>
    carryOut(worker, [
      ...leftovers,
      ...withOwnedRoot(encodePlan(checked, roots).prepare, spec, ownTree(trees)).map((step) => step.do),
    ]),
  );
  table.setSpec(id, { ...spec, prepared: true });
}
