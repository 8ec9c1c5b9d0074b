import { isDeepStrictEqual } from 'node:util';
import { EXIT, WherryError } from '../errors/error.ts';
import { sendSignal } from '../launcher/run.ts';
import { limitWarnings, makeCgroup, ownCgroup } from './cgroup.ts';
import type { ContainerContext } from './context.ts';
import { notFound } from './find.ts';
import { discardedLimits, type Limits } from './limits.ts';
import { invalidOption } from './option-error.ts';
import { NO_OPTIONS, type OptionRequest, parseOptions } from './options.ts';
import { findRunning } from './running.ts';

/**
 * Changes limits and restart policy of a container, at once where it runs.
 * @returns warnings of what has no effect, or not yet
 * @throws WherryError `E_OPTION`, `E_CGROUP`
 */
export async function updateContainer(
  context: ContainerContext,
  id: string,
  request: OptionRequest,
): Promise<readonly string[]> {
  const { table, machine } = context;
  const row = table.get(id);
  const spec = table.spec(id);
  if (row === undefined || spec === undefined) throw notFound(id);
  const before = spec.options ?? NO_OPTIONS;
  const asked = parseOptions(withMemory(request, before.limits), row.autoRemove);
  const limits = mergeLimits(before.limits, asked.limits);
  const restart = request.restart === undefined ? before.restart : asked.restart;
  const running = findRunning(context, id);
  const support = machine.platform.cgroup;
  if (running?.init !== undefined && ownCgroup(id, running.init.pid) !== undefined)
    setLimits(() => makeCgroup(support, id, limits, before.cgroupParent));
  table.setSpec(id, { ...spec, options: { ...before, limits, restart } });
  const later = running !== undefined && !isDeepStrictEqual(restart, before.restart);
  // Its monitor has the old policy; all that it can be told is to leave off.
  if (later && restart.name === 'no') await sendSignal(context.launcher(), running.monitor, SIGUSR1);
  return [
    ...limitWarnings(asked.limits, support),
    ...discardedLimits(request),
    ...(later && restart.name !== 'no'
      ? [`the restart policy of ${row.name} takes effect with its next start: its monitor has the old one`]
      : []),
  ];
}

const SIGUSR1 = 10;

/** Swap is counted together with memory, which may have been settled before. */
function withMemory(request: OptionRequest, { memory }: Limits): OptionRequest {
  if (request.memorySwap === undefined || request.memory !== undefined || memory === undefined)
    return request;
  return { ...request, memory: String(memory) };
}

/** @throws WherryError `E_OPTION` where the new ones don't go with those that are set, in Docker's words */
function mergeLimits(before: Limits, asked: Limits): Limits {
  const merged = { ...before, ...asked };
  const { memory = 0, memorySwap = 0 } = merged;
  if (memory > 0 && memorySwap > 0 && memory > memorySwap)
    throw invalidOption(
      'Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time',
      'Add --memory-swap.',
    );
  const quota = asked.cpuQuota !== undefined || asked.cpuPeriod !== undefined;
  if (before.nanoCpus !== undefined && asked.nanoCpus === undefined && quota)
    throw invalidOption(
      'Conflicting options: CPU Quota and Period cannot be updated as NanoCPUs has already been set',
      'Give --cpus.',
    );
  return merged;
}

function setLimits(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof WherryError)) throw error;
    const { code, hint, cause } = error;
    throw new WherryError(error.message, { code, hint, cause, exitCode: EXIT.failure });
  }
}
