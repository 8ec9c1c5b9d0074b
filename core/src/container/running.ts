import { EXIT, WherryError } from '../errors/error.ts';
import type { TargetProcess } from '../launcher/run.ts';
import type { ContainerContext } from './context.ts';
import { isRestarting, isRunning, readFacts } from './facts.ts';

/** The processes of a container that runs. */
export interface Running {
  readonly monitor: TargetProcess;
  /** Undefined while it waits for its next start. */
  readonly init: TargetProcess | undefined;
  /** When its command was executed last, RFC 3339. */
  readonly startedAt: string;
}

/** The processes of a container; undefined when it doesn't run. */
export function findRunning(
  { processes, store }: Pick<ContainerContext, 'processes' | 'store'>,
  id: string,
): Running | undefined {
  const facts = readFacts(store.paths.container(id));
  const { started } = facts;
  if (started === undefined || !isRunning(facts, processes)) return undefined;
  const monitor = { pid: started.monitorPid, startTime: started.monitorStartTime };
  const running = { monitor, startedAt: started.time };
  if (isRestarting(facts)) return { ...running, init: undefined };
  const initStart = processes.startTime(started.initPid);
  // Read before the monitor is looked at again: as long as that lives, the number is its child's and no one else's.
  if (initStart === undefined || !isRunning(facts, processes)) return undefined;
  return { ...running, init: { pid: started.initPid, startTime: initStart } };
}

/** @throws WherryError `E_CONTAINER_NOT_RUNNING`, `E_CONTAINER_RESTARTING` in Docker's words */
export function requireRunning(
  context: Pick<ContainerContext, 'processes' | 'store'>,
  id: string,
  exitCode: number = EXIT.failure,
): Running & { readonly init: TargetProcess } {
  const running = findRunning(context, id);
  if (running?.init !== undefined) return { ...running, init: running.init };
  if (running !== undefined) {
    throw new WherryError(`Container ${id} is restarting, wait until the container is running`, {
      code: 'E_CONTAINER_RESTARTING',
      hint: `wherry logs ${id.slice(0, 12)}   may say why it ends.`,
      exitCode,
    });
  }
  throw new WherryError(`container ${id} is not running`, {
    code: 'E_CONTAINER_NOT_RUNNING',
    hint: `wherry start ${id.slice(0, 12)}   starts it; wherry ps lists those that run.`,
    exitCode,
  });
}
