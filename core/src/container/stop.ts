import { EXIT, WherryError } from '../errors/error.ts';
import { recordContainerEvent } from '../event/fold.ts';
import { sendSignal, type TargetProcess, waitForProcess, waitForStatus } from '../launcher/run.ts';
import { type ContainerContext, currentRow } from './context.ts';
import { notFound } from './find.ts';
import { isPaused, setPaused } from './pause.ts';
import { findRunning, type Running } from './running.ts';
import { parseSignal } from './signal.ts';

const SIGKILL = 9;
const SIGUSR1 = 10;
const SIGUSR2 = 12;
const SIGTERM = 15;

/** Most containers end within so many milliseconds of a signal that ends them, sooner than a process to wait with starts. */
const SOON_MS = 30;

/**
 * Waits for the end of a container.
 * @param timeout seconds; -1 for ever
 * @returns whether it has ended
 */
async function awaitEnd(context: ContainerContext, { monitor }: Running, timeout: number): Promise<boolean> {
  if (timeout < 0) return (await endsSoon(context, monitor)) || waitForProcess(context.launcher(), monitor);
  const until = Date.now() + timeout * 1000;
  if (await endsSoon(context, monitor, Math.min(SOON_MS, timeout * 1000))) return true;
  const left = until - Date.now();
  return left > 0 && waitForProcess(context.launcher(), monitor, AbortSignal.timeout(left));
}

/** Whether a process ends within so many milliseconds; looked at more and more seldom. */
async function endsSoon(
  { processes }: ContainerContext,
  { pid, startTime }: TargetProcess,
  within = SOON_MS,
): Promise<boolean> {
  const until = Date.now() + within;
  for (let pause = 1; processes.startTime(pid) === startTime; pause *= 2) {
    if (Date.now() >= until) return false;
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
  return true;
}

export interface StopOptions {
  /** Seconds before SIGKILL; -1 waits for ever. The container's own when absent. */
  readonly timeout?: number;
  /** The container's own when absent. */
  readonly signal?: string;
}

/** Stops a container: its stop signal, and SIGKILL after the time-out. Fine when it doesn't run. */
export async function stopContainer(
  context: ContainerContext,
  id: string,
  options: StopOptions,
): Promise<void> {
  const spec = context.table.spec(id);
  if (spec === undefined) throw notFound(id);
  const running = findRunning(context, id);
  if (running !== undefined) {
    const signal = options.signal === undefined ? spec.stopSignal : parseSignal(options.signal);
    context.table.setStopped(id);
    recordContainerEvent(context, id, 'kill', { signal: String(signal) });
    // By the monitor, which alone knows the first process when the container starts anew at this moment.
    if (signal === spec.stopSignal) await sendSignal(context.launcher(), running.monitor, SIGTERM);
    else await sendSignal(context.launcher(), running.monitor, SIGUSR1, signal);
    // A signal reaches what stands still only when it goes on.
    if (running.init !== undefined && isPaused(running.init.pid)) setPaused(context, id, false);
    const ended = await awaitEnd(context, running, options.timeout ?? spec.stopTimeout);
    if (!ended) {
      recordContainerEvent(context, id, 'kill', { signal: String(SIGKILL) });
      await killAndWait(context, running);
    }
    recordContainerEvent(context, id, 'stop');
  }
  currentRow(context, id);
}

/** Kills a container at once and waits for its end. Fine when it doesn't run. */
export async function killContainer(context: ContainerContext, id: string): Promise<void> {
  const running = findRunning(context, id);
  if (running === undefined) return;
  recordContainerEvent(context, id, 'kill', { signal: String(SIGKILL) });
  await killAndWait(context, running);
}

async function killAndWait(context: ContainerContext, running: Running): Promise<void> {
  await sendSignal(context.launcher(), running.monitor, SIGUSR2);
  await awaitEnd(context, running, -1);
}

/**
 * Sends a signal to a container's first process, as `docker kill`.
 * @throws WherryError `E_CONTAINER_NOT_RUNNING`, `E_SIGNAL`
 */
export async function signalContainer(
  context: ContainerContext,
  id: string,
  nameOrId: string,
  signal: string,
): Promise<void> {
  const number = parseSignal(signal);
  const running = findRunning(context, id);
  if (running === undefined) {
    throw new WherryError(`cannot kill container: ${nameOrId}: container ${id} is not running`, {
      code: 'E_CONTAINER_NOT_RUNNING',
      hint: 'wherry ps   lists the containers that run.',
      exitCode: EXIT.failure,
    });
  }
  if (number === SIGKILL || number === context.table.spec(id)?.stopSignal) context.table.setStopped(id);
  recordContainerEvent(context, id, 'kill', { signal: String(number) });
  if (number === SIGKILL) await killAndWait(context, running);
  else if (running.init !== undefined) await sendSignal(context.launcher(), running.init, number);
}

/** Waits for the end of a container, and answers with its exit status; that of its last run when it doesn't run. */
export async function waitForContainer(context: ContainerContext, id: string): Promise<number> {
  const running = findRunning(context, id);
  if (running === undefined) {
    const current = currentRow(context, id);
    if (current === undefined) throw notFound(id);
    return current.row.exitCode ?? 0;
  }
  const status = await waitForStatus(context.launcher(), context.store.paths.container(id));
  await waitForProcess(context.launcher(), running.monitor);
  // A container with --rm is gone by now, and what the monitor said is all there is.
  return currentRow(context, id)?.row.exitCode ?? status;
}
