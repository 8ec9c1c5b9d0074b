import { type CheckedPlan, checkPlan } from '../plan/check.ts';
import { NO_GRANTS } from '../plan/grants.ts';
import type { Location } from '../plugin/contract.ts';
import type { Drivers } from '../plugin/drivers.ts';
import { readsSame, type StateReads } from '../plugin/state.ts';
import type { ContainerContext } from './context.ts';
import { driverGrants, type StateUpdate } from './drivers.ts';
import type { ContainerSpec } from './record.ts';
import { ROOTFS_DRIVER } from './rootfs-directory.ts';
import { storageOf } from './storage.ts';

/** What it takes to remove a container's trees, checked, and what the driver then forgets. */
export interface RemovalPlan {
  readonly plan: CheckedPlan;
  readonly state: StateUpdate;
  /** For {@link keptRemoval}; missing where more than trees are removed, or a permission is needed for it. */
  readonly kept?: KeptRemoval;
}

/** A driver's answer as its container's row has it. It stands while the driver would read the same in its state. */
export interface KeptRemoval {
  readonly trees: readonly Location[];
  readonly reads: StateReads;
  /** null for what the driver forgets. */
  readonly changes: readonly (readonly [key: string, value: string | null])[];
}

type Stored = Pick<ContainerSpec, 'storageDriver' | 'rootfs'>;

/** Asks the storage driver. */
export function removalPlan(drivers: Drivers, id: string, spec: Stored): RemovalPlan {
  const storage = storageOf(drivers, spec);
  const { info } = storage;
  const { value: steps, changes, reads } = storage.remove(id);
  const asker = { kind: 'storage', driver: info.name, request: 'remove' } as const;
  const plan = checkPlan({ asker, steps, grants: driverGrants(storage) });
  const state = { info, changes };
  const trees = steps.flatMap(({ do: each, undo }) =>
    each.tag === 'remove-tree' && undo === undefined && each.val.at.root === 'layers' ? [each.val.at] : [],
  );
  if (reads === undefined || trees.length !== steps.length) return { plan, state };
  const kept = { trees, reads, changes: [...changes].map(([key, value]) => [key, value ?? null] as const) };
  return { plan, state, kept };
}

/** What the driver said when the container was created or started, when it would say so now; to load it takes longer than all of the removal. */
export function keptRemoval(
  { table, store }: Pick<ContainerContext, 'table' | 'store'>,
  id: string,
  { storageDriver, rootfs }: Stored,
): RemovalPlan | undefined {
  const kept = table.kept(id)?.removal;
  const name = rootfs === undefined ? storageDriver : ROOTFS_DRIVER;
  if (kept === undefined || !readsSame(kept.reads, store.driverState('storage', name))) return undefined;
  const steps = kept.trees.map((at) => ({ do: { tag: 'remove-tree', val: { at } } }) as const);
  const asker = { kind: 'storage', driver: name, request: 'remove' } as const;
  return {
    plan: checkPlan({ asker, steps, grants: NO_GRANTS }),
    state: {
      info: { kind: 'storage', name },
      changes: new Map(kept.changes.map(([key, value]) => [key, value ?? undefined])),
    },
    kept,
  };
}

/** What to keep. A container without --rm is made, and starts, whatever its driver says of its removal, which may never be. */
export function plannedRemoval(
  context: Pick<ContainerContext, 'table' | 'store'>,
  drivers: Drivers,
  id: string,
  spec: Stored & Pick<ContainerSpec, 'autoRemove'>,
): RemovalPlan | undefined {
  const kept = keptRemoval(context, id, spec);
  if (kept !== undefined) return kept;
  try {
    return removalPlan(drivers, id, spec);
  } catch (error) {
    if (spec.autoRemove) throw error;
    return undefined;
  }
}
