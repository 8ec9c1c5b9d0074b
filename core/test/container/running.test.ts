import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ContainerContext } from '../../src/container/context.ts';
import { findRunning, requireRunning } from '../../src/container/running.ts';

const MONITOR = 12;
const INIT = 13;
const time = (second: number): string => `2026-01-01T00:00:0${second}.000000000Z`;

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'wherry-running-'));
  mkdirSync(join(root, 'c'));
});
afterEach(() => rmSync(root, { recursive: true }));

const write = (name: string, text: string): void => writeFileSync(join(root, 'c', name), `${text}\n`);
const start = (second: number, init = INIT): void =>
  write('started', `${MONITOR} 100 boot ${init} ${time(second)}`);

/** A context in which these processes live. `look` is called at each look at one. */
function context(living: readonly number[], look: (pid: number) => void = () => {}): ContainerContext {
  const paths = { container: (id: string) => join(root, id) };
  const startTime = (pid: number): string | undefined => {
    look(pid);
    return living.includes(pid) ? '100' : undefined;
  };
  return { store: { paths }, processes: { bootId: () => 'boot', startTime } } as unknown as ContainerContext;
}

const monitor = { pid: MONITOR, startTime: '100' };

describe('findRunning', () => {
  it('has monitor and init of one that runs', () => {
    start(1);
    expect(findRunning(context([MONITOR, INIT]), 'c')).toMatchObject({
      monitor,
      init: { pid: INIT, startTime: '100' },
      restarting: false,
    });
  });

  it('has the monitor while it waits for the next start', () => {
    start(1);
    write('restarting', `1 3 0 0 ${time(2)} 100`);
    const running = findRunning(context([MONITOR]), 'c');
    expect(running).toMatchObject({ monitor, restarting: true });
    expect(running?.init).toBeUndefined();
  });

  it('has the monitor between the end of init and the record of it: a stop that passed it over would be lost', () => {
    start(1);
    const running = findRunning(context([MONITOR]), 'c');
    expect(running).toMatchObject({ monitor, restarting: false });
    expect(running?.init).toBeUndefined();
    expect(() => requireRunning(context([MONITOR]), 'c')).toThrow(/is not running/);
  });

  it('takes no process for init that has the number of one of an earlier turn', () => {
    start(1);
    const again = context([MONITOR, INIT], (pid) => pid === INIT && start(2, 14));
    expect(findRunning(again, 'c')).toMatchObject({ monitor, init: undefined });
  });

  it('has nothing after the recorded end, nor without a monitor', () => {
    start(1);
    expect(findRunning(context([INIT]), 'c')).toBeUndefined();
    write('exited', `0 0 0 ${time(2)}`);
    expect(findRunning(context([MONITOR]), 'c')).toBeUndefined();
  });
});
