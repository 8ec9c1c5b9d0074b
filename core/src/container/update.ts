import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { WherryError } from '../errors/error.ts';
import { sendSignal } from '../launcher/run.ts';
import type { CgroupSupport } from '../platform/cgroup.ts';
import { limitWarnings, makeCgroup, ownCgroup, setLimitsInScope } from './cgroup.ts';
import { limitSettings } from './cgroup-settings.ts';
import type { ContainerContext } from './context.ts';
import { notFound } from './find.ts';
import { legacyWarnings, makeLegacyGroups, ownLegacyGroup } from './legacy-cgroup.ts';
import { discardedLimits, type Limits } from './limits.ts';
import { invalidOption } from './option-error.ts';
import {
  type ContainerOptions,
  NO_OPTIONS,
  type OptionRequest,
  parseOptions,
  type RestartPolicy,
} from './options.ts';
import { findRunning, type Running } from './running.ts';
import { isInScope } from './scope.ts';

/**
 * Changes limits and restart policy of a container, at once where it runs.
 * @returns warnings of what has no effect
 * @throws WherryError `E_OPTION`, `E_CGROUP`, `E_AUTO_REMOVE`
 */
export async function updateContainer(
  context: ContainerContext,
  id: string,
  request: OptionRequest,
): Promise<readonly string[]> {
  const { asked, running, own } = context.store.database.transaction(() => settle(context, id, request));
  // One that waits for its next start, a minute perhaps, needn't wait to the end for none.
  const waits = running !== undefined && running.init === undefined;
  if (waits && request.restart !== undefined && asked.restart.name === 'no')
    await sendSignal(context.launcher(), running.monitor, SIGUSR1);
  const support = context.machine.platform.cgroup;
  return [
    ...limitWarnings(asked.limits, support),
    ...(running?.init !== undefined && own === undefined ? latecomers(asked.limits, support) : []),
    ...legacyWarnings(support, asked),
    ...discardedLimits(request, support),
  ];
}

interface Settled {
  readonly asked: ContainerOptions;
  readonly running: Running | undefined;
  /** The cgroup of a container that runs and has one of its own. */
  readonly own: string | undefined;
}

/**
 * What is set now and what is asked for become one, in the record, the cgroup and the monitor's file alike. Within a transaction,
 * so that of several updates at once each has what those before it have set, and a limit that the kernel refuses isn't kept.
 */
function settle(context: ContainerContext, id: string, request: OptionRequest): Settled {
  const { table, machine } = context;
  const row = table.get(id);
  const spec = table.spec(id);
  if (row === undefined || spec === undefined) throw notFound(id);
  const before = spec.options ?? NO_OPTIONS;
  const asked = parseOptions(withMemory(request, before.limits));
  const limits = mergeLimits(before.limits, asked.limits);
  const restart = request.restart === undefined ? before.restart : asked.restart;
  if (row.autoRemove && restart.name !== 'no') throw removesItself();
  table.setSpec(id, { ...spec, options: { ...before, limits, restart } });
  const running = findRunning(context, id);
  const init = running?.init;
  const support = machine.platform.cgroup;
  const own = init === undefined ? undefined : ownCgroup(id, init.pid);
  if (own !== undefined && isInScope(own)) setLimitsInScope(support, own, limits);
  else if (own !== undefined) makeCgroup(support, id, limits, before.cgroupParent);
  if (
    init !== undefined &&
    support.legacy?.some(({ controller }) => ownLegacyGroup(id, init.pid, controller))
  )
    makeLegacyGroups(support, id, { ...before, limits });
  if (running !== undefined && request.restart !== undefined)
    tellPolicy(context.store.paths.container(id), restart);
  return { asked, running, own };
}

/** A container that has been started without limits has nothing that could be changed. */
function latecomers(limits: Limits, { manager }: CgroupSupport): readonly string[] {
  const flags = limitSettings(limits)
    .filter(({ controller, implied }) => implied !== true && manager?.controllers.includes(controller))
    .map(({ flag }) => flag);
  if (flags.length === 0) return [];
  return [`${flags.join(', ')}: from its next start on, as the container has been started without limits.`];
}

/** Ends a wait, with no more starts (launcher/PROGRAM.md). */
const SIGUSR1 = 10;

/** The file by which a monitor hears of another policy than that of its program. */
const POLICY = 'restart-policy';

/** Its monitor reads it at the container's next end. */
function tellPolicy(directory: string, { name, maxRetries }: RestartPolicy): void {
  const path = join(directory, POLICY);
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, `${name} ${maxRetries}\n`, { mode: 0o644 });
  renameSync(draft, path);
}

function removesItself(): WherryError {
  return new WherryError('Restart policy cannot be updated because AutoRemove is enabled for the container', {
    code: 'E_AUTO_REMOVE',
    hint: 'Run it without --rm to have it restarted.',
  });
}

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
