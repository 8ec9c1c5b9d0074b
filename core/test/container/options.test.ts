import { describe, expect, it } from 'vitest';
import { limitWarnings } from '../../src/container/cgroup.ts';
import { limitSettings } from '../../src/container/cgroup-settings.ts';
import { discardedLimits, parseLimits } from '../../src/container/limits.ts';
import { parseOptions, parseRestart, parseUlimit } from '../../src/container/options.ts';

describe('--restart', () => {
  it.each([
    ['no', { name: 'no', maxRetries: 0 }],
    ['', { name: 'no', maxRetries: 0 }],
    ['always', { name: 'always', maxRetries: 0 }],
    ['unless-stopped', { name: 'unless-stopped', maxRetries: 0 }],
    ['on-failure', { name: 'on-failure', maxRetries: 0 }],
    ['on-failure:5', { name: 'on-failure', maxRetries: 5 }],
  ])('%j is understood', (text, policy) => {
    expect(parseRestart(text)).toEqual(policy);
  });

  it.each([
    ['sometimes', "unknown policy 'sometimes'", 1],
    ['always:3', "maximum retry count can only be used with 'on-failure'", 1],
    ['no:-1', "'on-failure' and cannot be negative", 1],
    ['on-failure:-1', 'maximum retry count cannot be negative', 1],
    ['on-failure:many', 'maximum retry count must be an integer', 125],
    ['on-failure:1:2', 'maximum retry count must be an integer', 125],
    [':3', 'no policy provided before colon', 125],
  ])('%j is refused', (text, message, exitCode) => {
    expect(() => parseRestart(text)).toThrow(
      expect.objectContaining({ message: expect.stringContaining(message), exitCode }),
    );
  });

  it('does not go with --rm', () => {
    expect(() => parseOptions({ restart: 'always' }, true)).toThrow(/both --restart and --rm/);
    expect(parseOptions({ restart: 'no' }, true).restart.name).toBe('no');
  });
});

describe('--ulimit', () => {
  it('has a soft limit and a hard one, the same when there is but one', () => {
    expect(parseUlimit('nofile=100:200')).toEqual({ name: 'nofile', resource: 7, soft: 100, hard: 200 });
    expect(parseUlimit('core=0')).toEqual({ name: 'core', resource: 4, soft: 0, hard: 0 });
    expect(parseUlimit('memlock=-1')).toMatchObject({ soft: undefined, hard: undefined });
  });

  it.each(['files=3', 'nofile', 'nofile=a', 'nofile=200:100', 'nofile=-1:5'])('%j is refused', (text) => {
    expect(() => parseUlimit(text)).toThrow();
  });
});

it('--annotation may lack a value', () => {
  expect(parseOptions({ annotations: ['a=b', 'c'] }).annotations).toEqual({ a: 'b', c: '' });
  expect(() => parseOptions({ annotations: ['=b'] })).toThrow();
});

describe('several of --ulimit', () => {
  it('are kept by name, the last one of each', () => {
    const { ulimits } = parseOptions({ ulimits: ['nofile=1:2', 'core=0', 'nofile=3:4'] });
    expect(ulimits.map(({ name, soft, hard }) => [name, soft, hard])).toEqual([
      ['core', 0, 0],
      ['nofile', 3, 4],
    ]);
  });
});

describe('--sysctl', () => {
  it('takes those of namespaces alone', () => {
    expect(parseOptions({ sysctls: ['net/ipv4/ip_forward=1'] }).sysctls).toEqual({
      'net.ipv4.ip_forward': '1',
    });
    expect(() => parseOptions({ sysctls: ['kernel.panic=1'] })).toThrow(/not allowed/);
  });
});

describe('limits', () => {
  it('become the files of cgroup v2', () => {
    const limits = parseLimits({
      memory: '64m',
      cpus: '1.5',
      pidsLimit: 20,
      cpuShares: 1024,
      cpusetCpus: '0-1',
    });
    expect(limitSettings(limits).map(({ file, value }) => [file, value])).toEqual([
      ['memory.max', '67108864'],
      ['memory.swap.max', '67108864'],
      ['cpu.max', '150000 100000'],
      ['cpu.weight', '39'],
      ['cpuset.cpus', '0-1'],
      ['pids.max', '20'],
    ]);
  });

  it('are as unlimited as asked', () => {
    const limits = parseLimits({ memory: '64m', memorySwap: '-1', pidsLimit: -1 });
    expect(limitSettings(limits)).toEqual([
      expect.objectContaining({ file: 'memory.max' }),
      expect.objectContaining({ file: 'memory.swap.max', value: 'max' }),
      expect.objectContaining({ file: 'pids.max', value: 'max' }),
    ]);
  });

  it.each([
    [{ memory: '1m' }, /Minimum memory limit/],
    [{ memorySwap: '1g' }, /always set the Memory limit/],
    [{ memory: '1g', memorySwap: '512m' }, /should be larger/],
    [{ cpus: 'two' }, /rational number/],
    [{ cpus: '1', cpuQuota: 5 }, /Conflicting options/],
    [{ cpusetCpus: 'all' }, /Invalid value/],
    [{ memory: '64m', memoryReservation: '128m' }, /less than memory reservation/],
    [{ cpuPeriod: 10 }, /cfs period/],
    [{ cpuRtRuntime: 1000 }, /real-time/],
    [{ memorySwappiness: 101 }, /swappiness range/],
    [{ blkioWeight: 5 }, /from 10 to 1000/],
    [{ deviceReadBps: ['/dev/x:much'] }, /invalid rate/],
    [{ deviceReadBps: ['sda:1mb'] }, /bad format for device path/],
  ])('%j are refused', (request, message) => {
    expect(() => parseLimits(request)).toThrow(message);
  });

  it('that can not be kept are named, once for each controller', () => {
    const limits = parseLimits({ memory: '64m', memoryReservation: '32m', pidsLimit: 5 });
    const support = { version: 2, controllers: ['pids'], delegated: '/sys/fs/cgroup/user' } as const;
    expect(limitWarnings(limits, support)).toEqual([
      expect.stringMatching(
        /^--memory, --memory-swap, --memory-reservation have no effect.*controller memory/,
      ),
    ]);
    expect(limitWarnings({}, support)).toEqual([]);
  });

  it('on block devices are those of io', () => {
    expect(limitSettings(parseLimits({ blkioWeight: 1000 }))).toEqual([
      { controller: 'io', file: 'io.weight', value: 'default 10000', flag: '--blkio-weight' },
    ]);
    expect(parseLimits({ deviceWriteBps: ['/dev/sda:1mb'] })).toEqual({
      deviceWriteBps: [{ path: '/dev/sda', rate: 1 << 20 }],
    });
    expect(() => limitSettings(parseLimits({ deviceReadIops: ['/dev/null:5'] }))).toThrow(/no block device/);
  });

  it('that cgroup v2 has not are discarded in Docker’s words', () => {
    expect(discardedLimits({ memorySwappiness: 10, oomKillDisable: true, kernelMemory: '5m' })).toEqual([
      expect.stringMatching(/^Your kernel does not support memory swappiness/),
      expect.stringMatching(/^Your kernel does not support OomKillDisable/),
      expect.stringMatching(/kernel memory/),
    ]);
    expect(discardedLimits({ memorySwappiness: -1 })).toEqual([]);
    const legacy = [{ controller: 'memory', mount: '/m', delegated: '/m/u' }];
    expect(discardedLimits({ memorySwappiness: 10, oomKillDisable: true }, { legacy })).toEqual([]);
  });
});
