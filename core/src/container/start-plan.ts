import type { LogCache } from '../log/cache.ts';
import { type NetworksPlan, planNetworks } from '../network/plan.ts';
import type { PublishedPort } from '../network/request.ts';
import { type JoinedContainer, joinedContainer, linkVariables } from '../network/start.ts';
import { type CheckedPlan, checkPlan } from '../plan/check.ts';
import { hostName } from '../platform/host.ts';
import type { Sharing } from '../plugin/contract.ts';
import type { Drivers } from '../plugin/drivers.ts';
import type { ContainerContext } from './context.ts';
import { driverGrants, type StateUpdate } from './drivers.ts';
import { shortId } from './id.ts';
import { type KeptAnswers, keptMount, keptReading } from './kept.ts';
import { openRequest, planLog } from './log-plan.ts';
import type { ContainerRow, ContainerSpec } from './record.ts';
import { plannedRemoval, type RemovalPlan } from './removal.ts';
import { storageOf } from './storage.ts';

/** What the drivers want for a start, checked. */
export interface StartPlan {
  readonly rootfs: CheckedPlan;
  readonly networks: NetworksPlan;
  /** The container whose network it has. */
  readonly joined: JoinedContainer | undefined;
  readonly sharing: Sharing;
  /** Variables that links bring along. */
  readonly variables: readonly string[];
  readonly log: CheckedPlan;
  readonly logCache: LogCache | undefined;
  readonly hostname: string;
  readonly kept: KeptAnswers;
  /** There for a container with --rm. */
  readonly removal: RemovalPlan | undefined;
  /** What the drivers want kept in their states. */
  readonly state: readonly StateUpdate[];
}

/** Asks the drivers for the plans of a start, and checks them. Leases addresses; to be called within a transaction. */
export function planStart(
  context: ContainerContext,
  drivers: Drivers,
  row: ContainerRow,
  spec: ContainerSpec,
  ports: readonly PublishedPort[],
): StartPlan {
  const { facts } = context.machine;
  const storage = storageOf(drivers, spec);
  const joined = joinedContainer(context, spec);
  const networks = planNetworks(context, drivers, row, spec, ports);
  const { sharing } = networks;
  const logger = drivers.log(spec.logDriver);
  const log = planLog(context, logger, row, spec);
  // The root is made read-only by the core once the mount points in it have been made.
  const mounts = storage.mounts({ id: row.id, readOnly: false, facts, options: [] });
  const rootfs = checkPlan({
    asker: { kind: 'storage', driver: storage.info.name, request: 'mounts' },
    steps: mounts.value,
    grants: driverGrants(storage),
  });
  // The log of a container with --rm goes with it, as a rule before anyone has read it.
  const reading = spec.autoRemove ? undefined : keptReading(logger, openRequest(context, logger, row, spec));
  const removal = plannedRemoval(context, drivers, row.id, spec);
  const mount = keptMount(rootfs.steps);
  return {
    rootfs,
    networks,
    joined,
    sharing,
    variables: linkVariables(context, row, spec),
    log: log.plan,
    logCache: log.cache,
    hostname: joined?.hostname ?? spec.hostname ?? (sharing === 'host' ? hostName() : shortId(row.id)),
    removal,
    kept: {
      ...(mount && { root: mount }),
      ...(reading && { log: reading }),
      ...(removal?.kept && { removal: removal.kept }),
    },
    state: [{ info: storage.info, changes: mounts.changes }, ...networks.state, log.state],
  };
}
