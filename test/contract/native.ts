import { bindHost } from '@wherry/sdk-assemblyscript/guest/host.ts';
import * as guest from '@wherry/sdk-assemblyscript/guest/types.ts';
import type { DriverError, DriverInfo } from '../../core/src/plugin/contract.ts';
import type { Called } from '../../core/src/plugin/driver.ts';
import { answered } from '../../core/src/plugin/failure.ts';
import { checkOptions, optionsOf } from '../../core/src/plugin/options.ts';
import { SCHEMA } from '../../core/src/plugin/schema.ts';
import { typeAt } from '../../core/src/plugin/schema-types.ts';
import { MemoryState, StateTransaction } from '../../core/src/plugin/state.ts';
import type { Subject } from './subject.ts';

type GuestFunction = (...args: unknown[]) => unknown;
type GuestClass = new (tag: string, val: unknown) => unknown;

/** A driver's sources run as TypeScript, with the same methods as the component that is built of them. */
export function openNative<D>(source: object): Subject<D> {
  const functions = source as Readonly<Record<string, GuestFunction>>;
  const state = new MemoryState();
  const info = toHost(typeOf('DriverInfo'), functions.describe?.()) as DriverInfo;
  const methods = Object.entries(SCHEMA.interfaces[info.kind].functions).map(([name, fn]) => {
    const call = (...args: unknown[]): Called<unknown> => {
      checkOptions(info, optionsOf(args));
      const transaction = new StateTransaction(state);
      bindHost({
        log: () => undefined,
        stateGet: (key) => transaction.get(key) ?? null,
        statePut: (key, value) => transaction.put(key, value),
        stateRemove: (key) => transaction.remove(key),
        stateList: (prefix) => transaction.list(prefix),
      });
      const given = fn.params.map((param, index) => toGuest(param.type, args[index]));
      const returned = functions[name]?.(...given);
      const value = fn.result === undefined ? undefined : toHost(fn.result, returned);
      if (fn.result === undefined || typeAt(SCHEMA, fn.result).kind !== 'result') {
        return { value, changes: transaction.changes };
      }
      const { tag, val } = value as { tag: string; val?: unknown };
      if (tag === 'err') throw answered(info, fn.name, val as DriverError);
      return { value: val, changes: transaction.changes };
    };
    return [name, call];
  });
  return {
    driver: { info, ...Object.fromEntries(methods) } as D,
    commit: (called) => {
      state.apply(called.changes);
      return called.value;
    },
  };
}

function typeOf(name: string): number {
  return SCHEMA.types.findIndex((node) => node.name === name);
}

/** The host's representation → the driver's: null for an absent option, instances for variants. */
function toGuest(type: number, value: unknown): unknown {
  const node = typeAt(SCHEMA, type);
  switch (node.kind) {
    case 'list':
      return (value as unknown[]).map((item) => toGuest(node.element, item));
    case 'record': {
      const record = value as Record<string, unknown>;
      return Object.fromEntries(
        node.fields.map((field) => [field.name, toGuest(field.type, record[field.name])]),
      );
    }
    case 'option':
      return value === undefined ? null : toGuest(node.cases[1]?.type ?? -1, value);
    case 'variant': {
      const { tag, val } = value as { tag: string; val?: unknown };
      const payload = node.cases.find((item) => item.name === tag)?.type;
      const made = (guest as unknown as Record<string, GuestClass>)[node.name];
      if (made === undefined) throw new Error(`the guest has no class ${node.name}`);
      return new made(tag, payload === undefined ? null : toGuest(payload, val));
    }
    default:
      return value;
  }
}

/** The driver's representation → the host's. A case that doesn't exist is an error, as it is in the component. */
function toHost(type: number, value: unknown): unknown {
  const node = typeAt(SCHEMA, type);
  switch (node.kind) {
    case 'list':
      return (value as unknown[]).map((item) => toHost(node.element, item));
    case 'record': {
      const record = value as Record<string, unknown>;
      return Object.fromEntries(
        node.fields.map((field) => [field.name, toHost(field.type, record[field.name])]),
      );
    }
    case 'option':
      return value === null ? undefined : toHost(node.cases[1]?.type ?? -1, value);
    case 'enum':
      if (!node.cases.some((item) => item.name === value))
        throw new Error(`${String(value)} is no case of ${node.name}`);
      return value;
    case 'variant':
    case 'result': {
      const { tag, val } = value as { tag: string; val: unknown };
      const chosen = node.cases.find((item) => item.name === tag);
      if (chosen === undefined) throw new Error(`${tag} is no case of ${node.name}`);
      return chosen.type === undefined ? { tag } : { tag, val: toHost(chosen.type, val) };
    }
    default:
      return value;
  }
}
