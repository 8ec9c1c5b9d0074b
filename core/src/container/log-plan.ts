import { chooseNames } from '../log/choice.ts';
import { splitDelivery } from '../log/mode.ts';
import { type CheckedPlan, checkPlan } from '../plan/check.ts';
import { encodeSink } from '../plan/encode.ts';
import { FRAMINGS } from '../plan/framings.ts';
import type { OpenRequest } from '../plugin/contract.ts';
import type { LogDriver } from '../plugin/drivers.ts';
import type { ContainerContext } from './context.ts';
import { driverGrants, environmentValues, keyValues, type StateUpdate } from './drivers.ts';
import { relaySocket } from './log-relay.ts';
import type { ContainerRow, ContainerSpec } from './record.ts';
import { rootsOf } from './roots.ts';

/** Where a container's output goes, checked, and what its log driver wants kept in its state. */
export interface LogPlan {
  readonly plan: CheckedPlan;
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
  return {
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
  const { plan } = planLog(context, log, row, spec);
  const { delivery } = splitDelivery(spec.logOptions);
  encodeSink(plan, rootsOf(context, plan.asker, row.id), delivery, relaySocket(context, row.id));
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
  return {
    container: row.id,
    containerName: row.name,
    image: row.image,
    imageId: row.imageId,
    command: row.command,
    labels,
    env,
    facts: machine.facts,
    options: keyValues(chooseNames(splitDelivery(spec.logOptions).own, { labels, env }, takes)),
  };
}
