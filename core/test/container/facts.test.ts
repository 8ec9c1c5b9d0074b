import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isRunning, processTable, readFacts } from '../../src/container/facts.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'wherry-facts-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const started = '12 3456 boot-a 13 2026-01-01T00:00:01.000000000Z\n';
const processes = (bootId: string, startTime: string | undefined) => ({
  bootId: () => bootId,
  startTime: () => startTime,
  kill: () => undefined,
});

describe('readFacts', () => {
  it('reads what a monitor wrote', () => {
    writeFileSync(join(directory, 'started'), started);
    writeFileSync(join(directory, 'exited'), '137 9 1 2026-01-01T00:00:02.000000000Z\n');
    expect(readFacts(directory)).toEqual({
      started: {
        monitorPid: 12,
        monitorStartTime: '3456',
        bootId: 'boot-a',
        initPid: 13,
        time: '2026-01-01T00:00:01.000000000Z',
      },
      exited: { status: 137, signal: 9, outOfMemory: true, time: '2026-01-01T00:00:02.000000000Z' },
    });
  });

  it('knows nothing of a container that never ran', () => {
    expect(readFacts(directory)).toEqual({ started: undefined, exited: undefined });
  });
});

describe('isRunning', () => {
  const write = (exited?: string) => {
    writeFileSync(join(directory, 'started'), started);
    if (exited !== undefined) writeFileSync(join(directory, 'exited'), exited);
    return readFacts(directory);
  };

  it('is true while the monitor lives', () => {
    expect(isRunning(write(), processes('boot-a', '3456'))).toBe(true);
  });
  it('is true when the recorded end is that of an earlier run', () => {
    const facts = write('0 0 0 2026-01-01T00:00:00.000000000Z\n');
    expect(isRunning(facts, processes('boot-a', '3456'))).toBe(true);
  });
  it('is false after the end', () => {
    const facts = write('0 0 0 2026-01-01T00:00:02.000000000Z\n');
    expect(isRunning(facts, processes('boot-a', '3456'))).toBe(false);
  });
  it('is false when the monitor is gone', () => {
    expect(isRunning(write(), processes('boot-a', undefined))).toBe(false);
  });
  it('is false when another process has the pid', () => {
    expect(isRunning(write(), processes('boot-a', '9999'))).toBe(false);
  });
  it('is false after a reboot', () => {
    expect(isRunning(write(), processes('boot-b', '3456'))).toBe(false);
  });
});

describe('processTable', () => {
  it('knows this process and the boot', () => {
    const table = processTable();
    expect(table.startTime(process.pid)).toMatch(/^\d+$/);
    expect(table.bootId()).toBe(readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim());
  });
  it('knows no process with a pid that cannot be', () => {
    expect(processTable().startTime(2 ** 22 + 1)).toBeUndefined();
  });
});
