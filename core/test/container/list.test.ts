import { expect, it } from 'vitest';
import { summarize } from '../../src/container/list.ts';
import { row } from './state.ts';

const now = Date.parse('2026-01-01T01:00:00Z');
const started = {
  monitorPid: 1,
  monitorStartTime: '2',
  bootId: 'b',
  initPid: 33,
  time: '2026-01-01T00:00:00.000000000Z',
};

it('shows a container that runs with its process', () => {
  expect(summarize(row({ state: 'started' }), { started }, now)).toMatchObject({
    state: 'running',
    status: 'Up About an hour',
    pid: 33,
  });
});

it('shows the end of one that ran', () => {
  const ended = row({ state: 'exited', finishedAt: '2026-01-01T00:59:00.000000000Z', exitCode: 4 });
  const summary = summarize(ended, undefined, now);
  expect(summary).toMatchObject({ state: 'exited', status: 'Exited (4) About a minute ago', exitCode: 4 });
  expect(summary.pid).toBeUndefined();
});

it('shows a start that has not come to pass as what it was before', () => {
  expect(summarize(row({ state: 'started' }), undefined, now).status).toBe('Created');
  const again = row({ state: 'started', finishedAt: '2026-01-01T00:59:00.000000000Z', exitCode: 0 });
  expect(summarize(again, undefined, now).status).toBe('Exited (0) About a minute ago');
});
