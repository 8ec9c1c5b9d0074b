import { expect, it } from 'vitest';
import type { ContainerContext } from '../../src/container/context.ts';
import { NO_OPTIONS, type RestartPolicyName } from '../../src/container/options.ts';
import type { RecordedState } from '../../src/container/record.ts';
import { restartable } from '../../src/container/restartable.ts';
import { row, SPEC, State } from './state.ts';

it('is what a restart of the machine ended and its policy wants back, oldest first', () => {
  using state = new State();
  let made = 0;
  const put = (letter: string, policy: RestartPolicyName, recorded: RecordedState, ran = true): string => {
    const id = letter.repeat(64);
    made += 1;
    const created = `2026-01-01T00:00:0${made}.000000000Z`;
    const options = { ...NO_OPTIONS, restart: { name: policy, maxRetries: 0 } };
    state.table.insert(row({ id, name: letter, created, state: recorded }), { ...SPEC, options }, '[]');
    if (ran) {
      state.table.beginLaunch(id);
      const startedAt = '2026-01-01T00:00:00.000000000Z';
      state.table.finish({ ...row({ id }), launch: 1 }, { startedAt, finishedAt: startedAt, exitCode: 0 });
    }
    return id;
  };
  const always = put('a', 'always', 'exited');
  const unless = put('b', 'unless-stopped', 'exited');
  put('c', 'no', 'exited');
  put('d', 'on-failure', 'exited');
  put('e', 'always', 'created', false);
  const stopped = put('f', 'unless-stopped', 'exited');
  const alwaysStopped = put('9', 'always', 'exited');
  state.table.setStopped(stopped);
  state.table.setStopped(alwaysStopped);
  const context = {
    store: { database: state.database, paths: { container: (id: string) => `/none/${id}` } },
    table: state.table,
    processes: { bootId: () => 'boot', startTime: () => undefined },
  } as unknown as ContainerContext;
  expect(restartable(context)).toEqual([always, unless, alwaysStopped]);
  // A start forgets that the user stopped it.
  state.table.beginLaunch(stopped);
  expect(state.table.stoppedByUser().has(stopped)).toBe(false);
});
