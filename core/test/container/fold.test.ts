import { rmSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { foldFacts } from '../../src/container/fold.ts';
import { State } from './state.ts';

const NOW = '2026-01-01T00:01:00.000000000Z';
let state: State;
beforeEach(() => {
  state = new State();
});
afterEach(() => state[Symbol.dispose]());

const fold = (alive: boolean) =>
  foldFacts(state.table.inState('started'), {
    database: state.database,
    table: state.table,
    directory: state.directory,
    processes: { bootId: () => 'boot', kill: () => undefined, startTime: () => (alive ? '77' : undefined) },
    now: NOW,
  });
const started = '12 77 boot 13 2026-01-01T00:00:10.000000000Z';

it('finds a container that runs', () => {
  const { id } = state.add();
  state.table.beginLaunch(id);
  state.write(id, 'started', started);
  expect([...fold(true).running.keys()]).toEqual([id]);
  expect(state.table.get(id)).toSatisfy((row) => row.state === 'started' && row.finishedAt === undefined);
});

it('records the end that the monitor left', () => {
  const { id } = state.add();
  state.table.beginLaunch(id);
  state.write(id, 'started', started);
  state.write(id, 'exited', '3 0 0 2026-01-01T00:00:20.000000000Z');
  expect(fold(false).running.size).toBe(0);
  expect(state.table.get(id)).toMatchObject({
    state: 'exited',
    startedAt: '2026-01-01T00:00:10.000000000Z',
    finishedAt: '2026-01-01T00:00:20.000000000Z',
    exitCode: 3,
  });
});

it('takes a container whose monitor was killed as killed', () => {
  const { id } = state.add();
  state.table.beginLaunch(id);
  state.write(id, 'started', started);
  state.write(id, 'exited', '0 0 0 2026-01-01T00:00:05.000000000Z');
  fold(false);
  expect(state.table.get(id)).toMatchObject({ state: 'exited', finishedAt: NOW, exitCode: 137 });
});

it('leaves a start alone that is still being prepared', () => {
  const { id } = state.add();
  state.table.beginLaunch(id);
  expect(fold(false)).toEqual({ running: new Map(), gone: new Set(), leaving: new Set() });
  expect(state.table.get(id)).toMatchObject({ state: 'started' });
});

it('takes the facts of a run that is known already for no news', () => {
  const { id } = state.add();
  state.table.beginLaunch(id);
  state.write(id, 'started', started);
  state.write(id, 'exited', '3 0 0 2026-01-01T00:00:20.000000000Z');
  fold(false);
  state.table.beginLaunch(id);
  fold(false);
  expect(state.table.get(id)).toMatchObject({ state: 'started', exitCode: 3 });
});

it('notices a container that its monitor has removed', () => {
  const { id } = state.add({ autoRemove: true });
  state.table.beginLaunch(id);
  rmSync(state.directory(id), { recursive: true });
  expect([...fold(false).gone]).toEqual([id]);
});

it('leaves a container with --rm to its monitor while that removes it', () => {
  const { id } = state.add({ autoRemove: true });
  state.table.beginLaunch(id);
  state.write(id, 'started', started);
  state.write(id, 'exited', '3 0 0 2026-01-01T00:00:20.000000000Z');
  const underWay = fold(true);
  expect(underWay.gone.size).toBe(0);
  expect([...underWay.leaving]).toEqual([id]);
  const cutOff = fold(false);
  expect([...cutOff.gone]).toEqual([id]);
  expect(cutOff.leaving.size).toBe(0);
});

it('does not take the end of one run for that of the next', () => {
  const { id } = state.add();
  state.table.beginLaunch(id);
  const [before] = state.table.inState('started');
  state.table.beginLaunch(id);
  if (before === undefined) throw new Error('the container is not there');
  state.table.finish(before, { startedAt: NOW, finishedAt: NOW, exitCode: 1 });
  expect(state.table.get(id)).toSatisfy((row) => row.state === 'started' && row.exitCode === undefined);
});
