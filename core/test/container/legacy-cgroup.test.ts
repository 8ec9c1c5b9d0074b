import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { limitWarnings } from '../../src/container/cgroup.ts';
import { legacyGroups, legacyWarnings, makeLegacyGroups } from '../../src/container/legacy-cgroup.ts';
import { legacySettings } from '../../src/container/legacy-settings.ts';
import { parseLimits } from '../../src/container/limits.ts';
import { NO_OPTIONS, parseOptions } from '../../src/container/options.ts';
import type { CgroupSupport } from '../../src/platform/cgroup.ts';

const ID = 'c'.repeat(64);
let place: string;

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'wherry-cgroup-'));
});
afterEach(() => rmSync(place, { recursive: true }));

const support = (...controllers: string[]): CgroupSupport => ({
  version: 1,
  controllers: [],
  legacy: controllers.map((controller) => {
    const delegated = join(place, controller, 'ann');
    mkdirSync(delegated, { recursive: true });
    return { controller, mount: join(place, controller), delegated };
  }),
});

describe('limits in cgroup v1', () => {
  test('are those files', () => {
    const options = parseOptions({
      memory: '64m',
      memoryReservation: '32m',
      memorySwappiness: 10,
      oomKillDisable: true,
      cpus: '0.5',
      cpuShares: 512,
      cpusetCpus: '0',
      pidsLimit: -1,
      blkioWeight: 300,
    });
    expect(legacySettings(options).map(({ file, value }) => `${file}=${value}`)).toEqual([
      'memory.limit_in_bytes=67108864',
      'memory.memsw.limit_in_bytes=134217728',
      'memory.soft_limit_in_bytes=33554432',
      'memory.swappiness=10',
      'memory.oom_control=1',
      'cpu.shares=512',
      'cpu.cfs_period_us=100000',
      'cpu.cfs_quota_us=50000',
      'cpuset.cpus=0',
      'pids.max=max',
      'blkio.weight=300',
    ]);
    expect(legacySettings(NO_OPTIONS)).toEqual([]);
  });

  test('lie in a group of the container’s in each hierarchy that was handed over', () => {
    const groups = legacyGroups(support('memory', 'pids'), ID, undefined);
    expect(groups).toEqual([
      { controller: 'memory', path: join(place, 'memory/ann', `wherry-${ID}`) },
      { controller: 'pids', path: join(place, 'pids/ann', `wherry-${ID}`) },
    ]);
    expect(legacyGroups(support('memory'), ID, 'web')[0]?.path).toBe(
      join(place, 'memory/ann/web', `wherry-${ID}`),
    );
    expect(legacyGroups(support('memory'), ID, '/bob')).toEqual([]);
  });

  test('are set, and a new cpuset has what the one above has', () => {
    const found = support('cpuset', 'pids');
    writeFileSync(join(place, 'cpuset/ann/cpuset.cpus'), '0-1\n');
    writeFileSync(join(place, 'cpuset/ann/cpuset.mems'), '0\n');
    const limits = parseLimits({ pidsLimit: 7 });
    // The kernel has them in a group as soon as that is made.
    for (const file of ['cpuset/ann', 'pids/ann'].map((each) => join(place, each, `wherry-${ID}`)))
      mkdirSync(file, { recursive: true });
    writeFileSync(join(place, 'pids/ann', `wherry-${ID}`, 'pids.max'), 'max');
    const made = makeLegacyGroups(found, ID, { ...NO_OPTIONS, limits });
    expect(made.map(({ controller }) => controller)).toEqual(['cpuset', 'pids']);
    expect(readFileSync(join(place, 'cpuset/ann', `wherry-${ID}`, 'cpuset.cpus'), 'utf8')).toBe('0-1');
    expect(readFileSync(join(place, 'pids/ann', `wherry-${ID}`, 'pids.max'), 'utf8')).toBe('7');
  });

  test('are warned of where the kernel has no file for them', () => {
    const found = support('blkio', 'memory');
    writeFileSync(join(place, 'memory/ann/memory.limit_in_bytes'), '');
    const limits = parseLimits({ memory: '64m', blkioWeight: 300 });
    expect(legacyWarnings(found, { ...NO_OPTIONS, limits })).toEqual([
      "--blkio-weight has no effect: this kernel's cgroup v1 has no blkio.weight.",
    ]);
    expect(makeLegacyGroups(found, ID, { ...NO_OPTIONS, limits })).toHaveLength(2);
  });

  test('are warned of where they aren’t to be had', () => {
    const limits = parseLimits({ memory: '64m', pidsLimit: 5 });
    expect(limitWarnings(limits, support('memory', 'pids'))).toEqual([]);
    expect(limitWarnings(limits, support('memory'))).toEqual([
      expect.stringMatching(/^--pids-limit has no effect.*an administrator can hand over a directory/),
    ]);
  });
});
