import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cgroupOf, limitWarnings, removeCgroup, setLimitsInScope } from '../../src/container/cgroup.ts';
import { isInScope, scopeFor, scopeOfExec, scopeSettings } from '../../src/container/scope.ts';
import type { CgroupSupport } from '../../src/platform/cgroup.ts';

const ID = 'c'.repeat(64);
const manager = {
  socket: '/run/user/1000/systemd/private',
  group: '/none',
  controllers: ['memory', 'pids'],
};
const support: CgroupSupport = { version: 2, mount: '/sys/fs/cgroup', controllers: [], manager };

describe('a scope of systemd for a container', () => {
  test('is made for limits, with those that the manager can give', () => {
    const scope = scopeFor(support, ID, 3, { limits: { memory: 1e8, nanoCpus: 1e9, cpuQuota: 1e5 } });
    expect(scope && scopeSettings(scope)).toEqual([
      {
        op: 'scope',
        socket: manager.socket,
        unit: `wherry-${'c'.repeat(12)}-3.scope`,
        mount: '/sys/fs/cgroup',
        group: `wherry-${ID}`,
      },
      { op: 'cgroup-setting', controller: 'memory', file: 'memory.max', value: '100000000' },
      {
        op: 'cgroup-setting',
        controller: 'memory',
        file: 'memory.swap.max',
        value: '100000000',
        optional: true,
      },
    ]);
    expect(limitWarnings({ memory: 1e8, nanoCpus: 1e9, cpuQuota: 1e5 }, support)).toEqual([
      expect.stringMatching(/^--cpus has no effect/),
    ]);
  });

  test('ends with the service that it was started from, and lies in the slice that is asked for', () => {
    const within = { ...support, manager: { ...manager, service: 'web.service' } };
    expect(scopeFor(within, ID, 1, { limits: {}, cgroupParent: 'lab.slice' })?.operation).toMatchObject({
      partOf: 'web.service',
      slice: 'lab.slice',
    });
    expect(cgroupOf(support, ID, 'lab.slice')).toBeUndefined();
    expect(() => cgroupOf(support, ID, 'lab')).toThrow(expect.objectContaining({ code: 'E_CGROUP' }));
  });

  test('is not made without need, or without a manager', () => {
    expect(scopeFor(support, ID, 1, { limits: {} })).toBeUndefined();
    expect(scopeFor(support, ID, 1, { limits: { nanoCpus: 1e9, cpuQuota: 1e5 } })).toBeUndefined();
    expect(scopeFor({ version: 2, controllers: [] }, ID, 1, { limits: { memory: 1e8 } })).toBeUndefined();
  });

  test('is found again where a killed monitor has left its group', () => {
    const directory = mkdtempSync(join(tmpdir(), 'wherry-'));
    const left = { ...support, manager: { ...manager, group: directory } };
    const groups = ['app.slice', 'lab.slice/lab-x.slice'].map((slice) =>
      join(directory, slice, `wherry-${'c'.repeat(12)}-2.scope/wherry-${ID}`),
    );
    for (const group of groups) mkdirSync(group, { recursive: true });
    mkdirSync(join(directory, 'app.slice/other.scope'));
    removeCgroup(left, ID);
    expect(groups.map((group) => existsSync(group))).toEqual([false, true]);
    removeCgroup(left, ID, 'lab-x.slice');
    expect(groups.map((group) => existsSync(group))).toEqual([false, false]);
    expect(existsSync(join(directory, 'app.slice/other.scope'))).toBe(true);
    rmSync(directory, { recursive: true });
  });

  test('lets a command in, and takes other limits', () => {
    const directory = mkdtempSync(join(tmpdir(), 'wherry-'));
    const group = join(directory, `x.scope/wherry-${ID}`);
    mkdirSync(group, { recursive: true });
    for (const file of ['../cgroup.subtree_control', 'pids.max']) writeFileSync(join(group, file), '');
    expect(isInScope(group)).toBe(true);
    setLimitsInScope(support, group, { pids: 7 });
    expect(readFileSync(join(group, 'pids.max'), 'utf8')).toBe('7');
    expect(readFileSync(join(group, '../cgroup.subtree_control'), 'utf8')).toBe('+pids');
    expect(scopeOfExec(support, group, 'e'.repeat(64))).toEqual([
      expect.objectContaining({ op: 'scope', unit: `wherry-exec-${'e'.repeat(12)}.scope` }),
    ]);
    expect(scopeOfExec(support, join(directory, `wherry-${ID}`), 'e'.repeat(64))).toEqual([]);
    rmSync(directory, { recursive: true });
  });
});
