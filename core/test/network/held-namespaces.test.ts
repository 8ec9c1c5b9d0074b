import { expect, it } from 'vitest';
import { heldNamespaces } from '../../src/network/held-namespaces.ts';
import { State } from '../container/state.ts';

it('are those of the containers that started ones have joined, and of whom these had joined', () => {
  using state = new State();
  const id = (digit: string): string => digit.repeat(64);
  const add = (digit: string, network: string, started: boolean): void => {
    state.add({ id: id(digit), name: `c${digit}` }, { network });
    if (started) state.table.beginLaunch(id(digit));
  };
  add('a', 'lab', false);
  add('b', `container:${id('a')}`, false);
  expect(heldNamespaces(state.database)).toEqual(new Set());
  add('c', `container:${id('b')}`, true);
  add('d', 'lab', true);
  // Of one that has been removed.
  add('e', `container:${id('f')}`, true);
  expect(heldNamespaces(state.database)).toEqual(new Set([id('a'), id('b'), id('f')]));
});
