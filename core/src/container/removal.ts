import { type CheckedPlan, checkPlan } from '../plan/check.ts';
import type { Drivers } from '../plugin/drivers.ts';
import { driverGrants, type StateUpdate } from './drivers.ts';
import type { ContainerSpec } from './record.ts';
import { storageOf } from './storage.ts';

/** What it takes to remove a container's trees, checked, and what the driver then forgets. */
export function removalPlan(
  drivers: Drivers,
  id: string,
  spec: Pick<ContainerSpec, 'storageDriver' | 'rootfs'>,
): { readonly plan: CheckedPlan; readonly state: StateUpdate } {
  const storage = storageOf(drivers, spec);
  const { info } = storage;
  const { value: steps, changes } = storage.remove(id);
  const asker = { kind: 'storage', driver: info.name, request: 'remove' } as const;
  return { plan: checkPlan({ asker, steps, grants: driverGrants(storage) }), state: { info, changes } };
}
