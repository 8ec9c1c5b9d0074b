import { type Grants, grantsOf } from '../plan/grants.ts';
import type { DriverInfo, KeyValue } from '../plugin/contract.ts';
import type { StateChanges } from '../plugin/state.ts';
import type { Store } from '../store/store.ts';

/** What a driver may do: what it asked for when it was built or installed, and its user agreed to. */
export function driverGrants({ info }: { readonly info: DriverInfo }): Grants {
  return grantsOf(info.permissions);
}

/** What calls of one driver put into its state, to be kept in the transaction that commits what its plan brings about. */
export interface StateUpdate {
  readonly info: Pick<DriverInfo, 'kind' | 'name'>;
  readonly changes: StateChanges;
}

/** Keeps what drivers put into their states; within the caller's transaction. */
export function commitState(store: Store, updates: readonly StateUpdate[]): void {
  for (const { info, changes } of updates) {
    if (changes.size > 0) store.driverState(info.kind, info.name).apply(changes);
  }
}

/** Options in the form of the contract. */
export function keyValues(options: Readonly<Record<string, string>>): readonly KeyValue[] {
  return Object.entries(options).map(([key, value]) => ({ key, value }));
}

/** `NAME=value` in the form of the contract; names without a value are left out. */
export function environmentValues(env: readonly string[]): readonly KeyValue[] {
  return env.flatMap((entry) => {
    const equals = entry.indexOf('=');
    return equals < 0 ? [] : [{ key: entry.slice(0, equals), value: entry.slice(equals + 1) }];
  });
}
