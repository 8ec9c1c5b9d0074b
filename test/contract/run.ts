import { describe, test } from 'vitest';
import {
  type LogDriver,
  type NetworkDriver,
  type StorageDriver,
  typedDriver,
} from '../../core/src/plugin/drivers.ts';
import { type DriverPackage, readDriver } from '../../core/src/plugin/package.ts';
import { MemoryState } from '../../core/src/plugin/state.ts';
import { LOG_CASES } from './log-cases.ts';
import { NETWORK_CASES } from './network-cases.ts';
import { STORAGE_CASES } from './storage-cases.ts';
import type { ContractCase, Subject } from './subject.ts';

/**
 * Runs the contract's cases on a driver, each with an empty state. A third party calls one of these on theirs, from a
 * Vitest file: `runStorageContract('mine', () => openPackage('dist/mine'))`.
 */
export function runStorageContract(label: string, open: () => Subject<StorageDriver>): void {
  runCases(label, STORAGE_CASES, open);
}

export function runNetworkContract(label: string, open: () => Subject<NetworkDriver>): void {
  runCases(label, NETWORK_CASES, open);
}

export function runLogContract(label: string, open: () => Subject<LogDriver>): void {
  runCases(label, LOG_CASES, open);
}

/** A built driver, by its directory (`manifest.json`, `core.wasm`) or at hand, with an empty state. */
export function openPackage<D>(source: string | DriverPackage): Subject<D> {
  const state = new MemoryState();
  const driver = typedDriver(typeof source === 'string' ? readDriver(source) : source, {
    stateFor: () => state,
  }) as D;
  return {
    driver,
    commit: (called) => {
      state.apply(called.changes);
      return called.value;
    },
  };
}

function runCases<D>(label: string, cases: readonly ContractCase<D>[], open: () => Subject<D>): void {
  describe(label, () => {
    for (const item of cases) test(item.name, () => item.run(open()));
  });
}
