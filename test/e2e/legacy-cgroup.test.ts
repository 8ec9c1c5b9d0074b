import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { asUser, type TestUser } from '../support/user.ts';

const BUSYBOX = 'localhost:5000/busybox';

/** On a machine that has hierarchies of cgroup v1 mounted, beside version 2 or without it. */
describe('limits by cgroup v1', () => {
  let user: TestUser;

  beforeAll(async () => {
    // Without a group of version 2, so that all is left to version 1.
    user = asUser('wuser', { delegatedCgroup: false, legacyCgroups: true });
    if (user.legacyCgroups.length > 0) expect((await user.wherry(['pull', '-q', BUSYBOX])).exitCode).toBe(0);
  });
  afterAll(() => user.cleanup());

  const needs = (context: TestContext, ...controllers: string[]) => {
    const missing = controllers.find((each) => directory(each) === undefined);
    if (missing !== undefined) context.skip(`no hierarchy of cgroup v1 with ${missing} is mounted here`);
  };
  const directory = (controller: string) =>
    user.legacyCgroups.find((each) => each.split('/').some((part) => part.split(',').includes(controller)));
  const id = async (name: string) => (await user.wherry(['inspect', '-f', '{{.Id}}', name])).stdout.trim();
  const value = (controller: string, container: string, file: string) =>
    readFileSync(path.join(directory(controller) ?? '', `wherry-${container}`, file), 'utf8').trim();

  it('are in the groups of the container, and are changed while it runs', async (context) => {
    needs(context, 'memory', 'cpu', 'pids', 'freezer');
    const flags = ['-m', '32m', '--memory-swappiness', '10', '--cpus', '0.5', '--pids-limit', '20'];
    const run = ['run', '-d', '--name', 'limited', '--network', 'none', ...flags, BUSYBOX, 'sleep', '1000'];
    expect(await user.wherry(run)).toMatchObject({ exitCode: 0, stderr: '' });
    const container = await id('limited');
    expect(value('memory', container, 'memory.limit_in_bytes')).toBe(String(32 << 20));
    expect(value('memory', container, 'memory.swappiness')).toBe('10');
    expect(value('cpu', container, 'cpu.cfs_quota_us')).toBe('50000');
    expect(value('pids', container, 'pids.max')).toBe('20');
    const own = await user.wherry(['exec', 'limited', 'cat', '/proc/self/cgroup']);
    expect(own.stdout).toMatch(/:memory:\/$/m);
    for (const [memory, bytes] of [
      ['64m', 64 << 20],
      ['16m', 16 << 20],
    ] as const) {
      expect((await user.wherry(['update', '-m', memory, '--pids-limit', '3', 'limited'])).stderr).toBe('');
      expect(value('memory', container, 'memory.limit_in_bytes')).toBe(String(bytes));
    }
    const forks = await user.wherry(['exec', 'limited', 'sh', '-c', 'sleep 9 & sleep 9 & sleep 9 &']);
    expect(forks.stderr).toMatch(/can't fork/);
    const shown = await user.wherry(['stats', '--no-stream', '--format', '{{.MemUsage}}', 'limited']);
    expect(shown.stdout).toMatch(/ \/ 16MiB$/m);
    expect((await user.wherry(['pause', 'limited'])).exitCode).toBe(0);
    expect(value('freezer', container, 'freezer.state')).toBe('FROZEN');
    expect((await user.wherry(['ps'])).stdout).toMatch(/\(Paused\)/);
    expect((await user.wherry(['unpause', 'limited'])).exitCode).toBe(0);
    await user.wherry(['rm', '-f', 'limited']);
    expect(() => value('memory', container, 'cgroup.procs')).toThrow(/ENOENT/);
  });

  it('on memory kill what wants more, and it is told of at once', async (context) => {
    needs(context, 'memory');
    const flags = ['run', '-d', '--name', 'hungry', '-m', '16m', '--network', 'none'];
    expect((await user.wherry([...flags, BUSYBOX, 'sleep', '1000'])).exitCode).toBe(0);
    expect((await user.wherry(['exec', 'hungry', 'tail', '/dev/zero'])).exitCode).toBe(137);
    const killed = ['inspect', '-f', '{{.State.OOMKilled}} {{.State.Running}}', 'hungry'];
    await expect.poll(async () => (await user.wherry(killed)).stdout).toBe('true true\n');
    const told = [
      'events',
      '--since',
      '1h',
      '--until',
      '0s',
      '--filter',
      'event=oom',
      '--format',
      '{{.Action}}',
    ];
    expect((await user.wherry(told)).stdout).toBe('oom\n');
    await user.wherry(['restart', '-t', '0', 'hungry']);
    expect((await user.wherry(killed)).stdout).toBe('false true\n');
    await user.wherry(['rm', '-f', 'hungry']);
    const hog = await user.wherry([
      'run',
      '--name',
      'hog',
      '-m',
      '16m',
      '--network',
      'none',
      BUSYBOX,
      'tail',
      '/dev/zero',
    ]);
    expect(hog.exitCode).toBe(137);
    expect((await user.wherry(['inspect', '-f', '{{.State.OOMKilled}}', 'hog'])).stdout).toBe('true\n');
    await user.wherry(['rm', 'hog']);
  });

  it('end what a container leaves in the host’s PID namespace, with groups that were made for it', async (context) => {
    needs(context, 'pids');
    const flags = [
      'run',
      '-d',
      '--name',
      'guest',
      '--pid',
      'host',
      '--network',
      'none',
      '--cgroup-parent',
      'a/b',
    ];
    expect((await user.wherry([...flags, BUSYBOX, 'sh', '-c', 'sleep 787 & exec sleep 1000'])).exitCode).toBe(
      0,
    );
    await user.wherry(['rm', '-f', 'guest']);
    await expect.poll(() => user.commands().filter((each) => each.includes('sleep 787'))).toEqual([]);
    expect(() => readFileSync(path.join(directory('pids') ?? '', 'a/cgroup.procs'))).toThrow(/ENOENT/);
  });
});
