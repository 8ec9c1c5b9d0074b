import { expect, test } from 'vitest';
import { endOrphan } from '../../src/container/orphan.ts';

const STARTED = {
  monitorPid: 12,
  monitorStartTime: '77',
  bootId: 'boot',
  initPid: 13,
  initStartTime: '78',
  time: '2026-01-01T00:00:10.000000000Z',
};

function kills(
  started: Parameters<typeof endOrphan>[0],
  startTime: string | undefined,
  bootId = 'boot',
): number[] {
  const killed: number[] = [];
  endOrphan(started, {
    bootId: () => bootId,
    startTime: () => (killed.length > 2 ? undefined : startTime),
    kill: (pid) => killed.push(pid, pid, pid),
  });
  return killed;
}

test('the first process of a container whose monitor is gone is killed', () => {
  expect(kills(STARTED, '78')).toEqual([13, 13, 13]);
});

test.each([
  ['another process has its number by now', STARTED, '79', 'boot'],
  ['it has ended', STARTED, undefined, 'boot'],
  ['the machine was started anew', STARTED, '78', 'later'],
  ['it had ended before the fact was written', { ...STARTED, initStartTime: undefined }, '78', 'boot'],
])('nothing is killed when %s', (_, { initStartTime, ...started }, startTime, boot) => {
  const fact = { ...started, ...(initStartTime === undefined ? {} : { initStartTime }) };
  expect(kills(fact, startTime, boot)).toEqual([]);
});
