import { createHash } from 'node:crypto';
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PrivateIds } from '../idmap/private-ids.ts';
import { encodeProgram } from '../program/encode.ts';
import type { FileOperation } from '../program/operation.ts';
import type { WorkerCommand } from '../tree/process.ts';
import type { TreeWorker } from '../tree/worker.ts';
import type { ContainerContext } from './context.ts';
import { holderDirectory, namespaceSettings } from './program.ts';

/** How the worker on trees is started in the containers' user namespace. */
export function workerCommand({
  store,
  machine,
  launcher,
}: Pick<ContainerContext, 'store' | 'machine' | 'launcher'>): WorkerCommand {
  const runtime = store.paths.runtime();
  const program = encodeProgram({
    settings: namespaceSettings(machine.idmap, holderDirectory(runtime)),
    prepare: [],
    container: [],
    cleanup: [],
  });
  const digest = createHash('sha256').update(program).digest('hex').slice(0, 16);
  const path = join(runtime, `namespace-${digest}`);
  if (!existsSync(path)) {
    const draft = `${path}.${process.pid}`;
    writeFileSync(draft, program, { mode: 0o600 });
    renameSync(draft, path);
  }
  return { file: launcher(), args: ['ns', path, 'tree'] };
}

/**
 * Runs something with a worker on trees, which is started for it.
 * @param ids of the container that owners are told by
 */
export async function withWorker<Result>(
  context: Pick<ContainerContext, 'store' | 'machine' | 'launcher'>,
  work: (worker: TreeWorker) => Promise<Result>,
  ids?: PrivateIds,
): Promise<Result> {
  const { TreeWorker } = await import('../tree/worker.ts');
  await using worker = new TreeWorker(workerCommand(context));
  if (ids !== undefined) await worker.ids(ids);
  return await work(worker);
}

/** Carries out file operations of a checked plan, in order, where there is no container to be started. */
export async function carryOut(worker: TreeWorker, operations: readonly FileOperation[]): Promise<void> {
  // The worker does one thing after the other, so it needn't be waited for between removals: on a busy machine that is what takes long.
  let removals: Promise<void>[] = [];
  for (const operation of operations) {
    if (operation.op === 'remove-tree') {
      removals.push(worker.remove(operation.path));
      continue;
    }
    await all(removals);
    removals = [];
    switch (operation.op) {
      case 'make-dir':
        await worker.makeDirectory(operation.path, operation.mode, operation);
        break;
      case 'copy-tree':
        await worker.copy(operation.source, operation.target, { reflink: true });
        break;
      case 'rename':
        await worker.rename(operation.source, operation.target);
        break;
      case 'symlink':
      case 'write-file':
        throw new Error(`the worker on trees has no ${operation.op}; plans for a start alone may have one`);
    }
  }
  await all(removals);
}

/** Waits for all, and throws what the first one that failed did. */
async function all(work: readonly Promise<void>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(work))
    if (outcome.status === 'rejected') throw outcome.reason;
}
