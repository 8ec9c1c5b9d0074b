import { goBoolean, type LogCache, parseCache, splitCache } from '../log/cache.ts';
import { chooseNames } from '../log/choice.ts';
import { splitDelivery } from '../log/mode.ts';
import { type CheckedPlan, checkPlan } from '../plan/check.ts';
import { encodeSink } from '../plan/encode.ts';
import { FRAMINGS } from '../plan/framings.ts';
import type { DriverInfo, OpenRequest } from '../plugin/contract.ts';
import type { LogDriver } from '../plugin/drivers.ts';
import { checkOptions } from '../plugin/options.ts';
import type { ContainerContext } from './context.ts';
import { driverGrants, environmentValues, keyValues, type StateUpdate } from './drivers.ts';
import { relaySocket } from './log-relay.ts';
import type { ContainerRow, ContainerSpec } from './record.ts';
import { rootsOf } from './roots.ts';

/** Where a container's output goes, checked, and what its log driver wants kept in its state. */
export interface LogPlan {
  readonly plan: CheckedPlan;
  /** The copy that is kept here of what goes where it can't be read back. */
  readonly cache: LogCache | undefined;
  readonly state: StateUpdate;
}

/** Asks a container's log driver for its sink. @throws WherryError for options that the driver refuses */
export function planLog(
  context: ContainerContext,
  log: LogDriver,
  row: ContainerRow,
  spec: ContainerSpec,
): LogPlan {
  const { value: sink, changes } = log.open(openRequest(context, log, row, spec));
  const sent = sink.tag === 'socket' || sink.tag === 'driver';
  return {
    cache: logCache(context, log, row, spec, sent),
    plan: checkPlan({
      asker: { kind: 'log', driver: log.info.name, request: 'open' },
      steps: [],
      sink,
      grants: driverGrants(log),
      framings: FRAMINGS,
    }),
    state: { info: log.info, changes },
  };
}

/** Drivers that come with Wherry and write files of the container's own: they refuse nothing but options. */
const OWN_FILES: readonly string[] = ['json-file', 'k8s-file', 'local', 'none'];

/**
 * Refuses what a start would refuse of the log driver's options, while there is no container yet.
 * @throws WherryError `E_LOG_MODE`, `E_DRIVER_OPTION` and what the driver itself says
 */
export function checkLog(
  context: ContainerContext,
  log: LogDriver,
  row: ContainerRow,
  spec: ContainerSpec,
): void {
  // Not to load the driver is what a `create` is quicker by, as a rule.
  if (OWN_FILES.includes(log.info.name) && Object.keys(spec.logOptions).length === 0) return;
  const { plan } = planLog(context, log, row, spec);
  const { delivery } = splitDelivery(spec.logOptions);
  encodeSink(plan, rootsOf(context, plan.asker, row.id), delivery, relaySocket(context, row.id));
}

/**
 * The copy of a container's log; none where the driver reads it back by itself, nor of what isn't kept at all.
 * @throws WherryError `E_LOG_CACHE`, and `E_DRIVER_OPTION` for options of a copy that there would not be
 */
export function logCache(
  context: Pick<ContainerContext, 'machine'>,
  log: LogDriver,
  row: ContainerRow,
  spec: ContainerSpec,
  sent: boolean,
): LogCache | undefined {
  const { cache } = splitCache(spec.logOptions);
  if (sent && log.read(openRequest(context, log, row, spec)).value.tag === 'unreadable') {
    return parseCache(cache);
  }
  checkOptions(log.info, keyValues(cache));
  return undefined;
}

/** What a log driver is told of a container. */
export function openRequest(
  { machine }: Pick<ContainerContext, 'machine'>,
  { info }: Pick<LogDriver, 'info'>,
  row: ContainerRow,
  spec: ContainerSpec,
): OpenRequest {
  const labels = keyValues(row.labels);
  const env = environmentValues(spec.env);
  const takes = (name: string): boolean => info.options.some((option) => option.name === name);
  const { own } = splitCache(splitDelivery(spec.logOptions).own);
  return {
    container: row.id,
    containerName: row.name,
    image: row.image,
    imageId: row.imageId,
    command: row.command,
    labels,
    env,
    facts: machine.facts,
    options: keyValues(plainBooleans(info, chooseNames(own, { labels, env }, takes))),
  };
}

/** Docker takes whatever Go's ParseBool does; drivers know `true` and `false`. */
function plainBooleans(
  info: DriverInfo,
  options: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const booleans = new Set(info.options.filter(({ kind }) => kind === 'boolean').map(({ name }) => name));
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => {
      const meant = booleans.has(name) ? goBoolean(value) : undefined;
      return [name, meant === undefined ? value : String(meant)];
    }),
  );
}
