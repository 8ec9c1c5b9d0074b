import { describe, expect, test } from 'vitest';
import {
  MAX_KEY,
  MAX_PUT,
  MemoryState,
  readsSame,
  StateError,
  StateTransaction,
} from '../../src/plugin/state.ts';

function stateOf(...entries: readonly [string, string][]): MemoryState {
  const state = new MemoryState();
  state.apply(new Map(entries));
  return state;
}

describe('a transaction', () => {
  test('sees what it put and removed on top of the state', () => {
    const call = new StateTransaction(stateOf(['a/1', 'one'], ['a/2', 'two'], ['b', 'x']));
    call.put('a/3', 'three');
    call.remove('a/1');
    expect(call.get('a/1')).toBeUndefined();
    expect(call.get('a/3')).toBe('three');
    expect(call.list('a/')).toEqual(['a/2', 'a/3']);
  });

  test('changes nothing before it is applied, and all of it then', () => {
    const state = stateOf(['a', '1']);
    const call = new StateTransaction(state);
    call.remove('a');
    call.put('b', '2');
    expect(state.list('')).toEqual(['a']);
    state.apply(call.changes);
    expect(state.list('')).toEqual(['b']);
    expect(state.get('b')).toBe('2');
  });

  test('lists keys in the order of their code units', () => {
    const call = new StateTransaction(stateOf(['b', ''], ['Z', ''], ['a', '']));
    expect(call.list('')).toEqual(['Z', 'a', 'b']);
  });

  test('refuses a key that is empty or too long, and more text than a call may put', () => {
    const call = new StateTransaction(new MemoryState());
    expect(() => call.put('', 'x')).toThrow(StateError);
    expect(() => call.put('k'.repeat(MAX_KEY + 1), 'x')).toThrow(StateError);
    expect(() => call.put('k', 'x'.repeat(MAX_PUT))).toThrow(StateError);
  });

  test('tells what it read of the state, and not what it put itself', () => {
    const state = stateOf(['a/1', 'one'], ['b', 'x']);
    const call = new StateTransaction(state);
    call.put('c', 'own');
    call.get('c');
    call.get('b');
    call.get('none');
    call.remove('a/1');
    call.list('a/');
    expect(call.reads).toEqual({ values: { b: 'x', none: null }, lists: { 'a/': ['a/1'] } });
    expect(readsSame(call.reads, state)).toBe(true);
  });

  test.each<[change: string, key: string, value: string | undefined, same: boolean]>([
    ['a value that was read', 'b', 'y', false],
    ['one that was missing', 'none', 'here', false],
    ['a key that was listed', 'a/1', undefined, false],
    ['another key with that beginning', 'a/2', 'two', false],
    ['the value of a key that was only listed', 'a/1', 'uno', true],
    ['what nobody looked at', 'z', 'zz', true],
  ])('is the same again unless %s changes', (_change, key, value, same) => {
    const state = stateOf(['a/1', 'one'], ['b', 'x']);
    const call = new StateTransaction(state);
    call.get('b');
    call.get('none');
    call.list('a/');
    state.apply(new Map([[key, value]]));
    expect(readsSame(call.reads, state)).toBe(same);
  });
});
