import { expect, test } from 'vitest';
import type { ContainerContext } from '../../src/container/context.ts';
import { keptRemoval, removalPlan } from '../../src/container/removal.ts';
import type { Location, Step } from '../../src/plugin/contract.ts';
import type { Drivers } from '../../src/plugin/drivers.ts';
import { MemoryState, StateTransaction } from '../../src/plugin/state.ts';
import { State } from './state.ts';

const ID = 'a'.repeat(64);
const SPEC = { storageDriver: 'overlay' };
const tree: Location = { root: 'layers', path: '1' };
const remove: Step = { do: { tag: 'remove-tree', val: { at: tree } } };

/** A driver that knows each container's directory, and refuses to remove what something was made from. */
function driversOf(state: MemoryState, steps: readonly Step[] = [remove]): Drivers {
  const info = { name: 'overlay', kind: 'storage', permissions: [] };
  const call = (id: string) => {
    const transaction = new StateTransaction(state);
    transaction.list(`child/${id}/`);
    transaction.get(`snapshot/${id}`);
    transaction.remove(`snapshot/${id}`);
    return { value: steps, changes: transaction.changes, reads: transaction.reads };
  };
  return { storage: () => ({ info, remove: call }) } as unknown as Drivers;
}

function started(driverState: MemoryState, steps?: readonly Step[]) {
  const state = new State();
  state.add();
  const { kept } = removalPlan(driversOf(driverState, steps), ID, SPEC);
  state.table.beginLaunch(ID, kept && { removal: kept });
  const store = { driverState: () => driverState };
  return { state, context: { table: state.table, store } as unknown as ContainerContext };
}

test('what a driver said at the start is its answer while its state stays as it was', () => {
  const driverState = new MemoryState();
  driverState.apply(new Map([[`snapshot/${ID}`, '1']]));
  const { state, context } = started(driverState);
  using _ = state;
  driverState.apply(new Map([['snapshot/another', '2']]));
  const found = keptRemoval(context, ID, SPEC);
  expect(found?.plan.steps).toEqual([remove]);
  expect(found?.state).toEqual({
    info: { kind: 'storage', name: 'overlay' },
    changes: new Map([[`snapshot/${ID}`, undefined]]),
  });
  driverState.apply(new Map([[`child/${ID}/another`, '']]));
  expect(keptRemoval(context, ID, SPEC)).toBeUndefined();
});

test('nothing is kept of plans that do more than remove trees of the driver, nor of another start', () => {
  const driverState = new MemoryState();
  const made: Step = { do: { tag: 'make-dir', val: { at: tree, mode: 0o700 } } };
  const { state, context } = started(driverState, [remove, made]);
  using _ = state;
  expect(keptRemoval(context, ID, SPEC)).toBeUndefined();
  const { kept } = removalPlan(driversOf(driverState), ID, SPEC);
  state.table.beginLaunch(ID, kept && { removal: kept });
  expect(keptRemoval(context, ID, SPEC)).toBeDefined();
  state.table.beginLaunch(ID);
  expect(keptRemoval(context, ID, SPEC)).toBeUndefined();
});
