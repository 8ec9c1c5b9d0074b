import assert from 'node:assert/strict';
import { WherryError } from '../../core/src/errors/error.ts';
import type { Called } from '../../core/src/plugin/driver.ts';
import type { Subject } from './subject.ts';

interface Outcome {
  readonly called?: Called<unknown>;
  readonly refused?: WherryError;
}

/** Calls two builds of one driver and expects the same answer, the same refusal and the same state of both, call by call. */
export function openTwin<D extends object>(first: Subject<D>, second: Subject<D>): Subject<D> {
  const others = second.driver as Readonly<Record<string, unknown>>;
  const pending = new Map<Called<unknown>, Called<unknown>>();
  const methods = Object.entries(first.driver).map(([name, own]) => {
    if (typeof own !== 'function') return [name, own];
    const call = (...args: unknown[]): Called<unknown> => {
      const mine = outcome(own as (...args: unknown[]) => Called<unknown>, args);
      const theirs = outcome(others[name] as (...args: unknown[]) => Called<unknown>, args);
      assert.deepEqual(plain(theirs), plain(mine), name);
      if (mine.called === undefined || theirs.called === undefined) throw mine.refused;
      pending.set(mine.called, theirs.called);
      return mine.called;
    };
    return [name, call];
  });
  return {
    driver: Object.fromEntries(methods) as D,
    commit: (called) => {
      const twin = pending.get(called);
      if (twin !== undefined) second.commit(twin);
      return first.commit(called);
    },
  };
}

function outcome(call: (...args: unknown[]) => Called<unknown>, args: unknown[]): Outcome {
  try {
    return { called: call(...args) };
  } catch (error) {
    if (error instanceof WherryError) return { refused: error };
    throw error;
  }
}

function plain({ called, refused }: Outcome): unknown {
  if (called !== undefined) return { value: called.value, changes: [...called.changes] };
  return { code: refused?.code, message: refused?.message, hint: refused?.hint };
}
