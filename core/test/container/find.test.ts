import { afterEach, beforeEach, expect, it } from 'vitest';
import { findContainer } from '../../src/container/find.ts';
import { State } from './state.ts';

let state: State;
const first = `ab1${'0'.repeat(61)}`;
const second = `ab2${'0'.repeat(61)}`;
beforeEach(() => {
  state = new State();
  state.add({ id: first, name: 'web' });
  state.add({ id: second, name: 'ab1' });
});
afterEach(() => state[Symbol.dispose]());

it.each([
  [first, first],
  ['web', first],
  ['/web', first],
  ['ab2', second],
  ['ab10', first],
  ['ab1', second],
])('%s', (asked, id) => {
  expect(findContainer(state.table, asked)).toBe(id);
});

it.each(['nope', 'ac', `${first}0`, '', 'AB10', 'ab1%'])('knows no %j', (asked) => {
  expect(() => findContainer(state.table, asked)).toThrow(
    expect.objectContaining({ code: 'E_CONTAINER_NOT_FOUND', message: `No such container: ${asked}` }),
  );
});

it('asks for more digits where some are shared', () => {
  expect(() => findContainer(state.table, 'ab')).toThrow(
    expect.objectContaining({ code: 'E_CONTAINER_AMBIGUOUS' }),
  );
});
