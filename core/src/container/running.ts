import { EXIT, WherryError } from '../errors/error.ts';
import type { TargetProcess } from '../launcher/run.ts';
import type { ContainerContext } from './context.ts';
import { isRestarting, isRunning, readFacts } from './facts.ts';

/** The processes of a container that runs. */
export interface Running {
  readonly monitor: TargetProcess;
  /**
   * Undefined while it waits for its next start, and for the moments after an end in which its monitor moves the last output and
   * hasn't recorded the end: it may be for good, or the next start may be on its way.
   */
  readonly init: TargetProcess | undefined;
  /** Whether it is known to wait for its next start. */
  readonly restarting: boolean;
  /** When its command was executed last, RFC 3339. */
  readonly startedAt: string;
}

/** The processes of a container; undefined when it doesn't run: when no monitor of it lives that hasn't recorded the end. */
export function findRunning(
  { processes, store }: Pick<ContainerContext, 'processes' | 'store'>,
  id: string,
): Running | undefined {
  const facts = readFacts(store.paths.container(id));
  const { started } = facts;
  if (started === undefined || !isRunning(facts, processes)) return undefined;
  const monitor = { pid: started.monitorPid, startTime: started.monitorStartTime };
  const running = { monitor, startedAt: started.time, restarting: isRestarting(facts), init: undefined };
  if (running.restarting) return running;
  const initStart = processes.startTime(started.initPid);
  // Read before the facts are looked at again: as long as they say the same, the number is the monitor's child's and no one else's.
  const now = readFacts(store.paths.container(id));
  if (!isRunning(now, processes)) return undefined;
  if (initStart === undefined || now.started?.time !== started.time || isRestarting(now)) return running;
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
  if (running?.restarting === true) {
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
