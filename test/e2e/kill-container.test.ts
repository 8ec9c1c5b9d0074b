import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asUser, type TestUser, USER_NAMES, type UserName } from '../support/user.ts';

const BUSYBOX = 'localhost:5000/busybox';
const POLL = { timeout: 60_000, interval: 50 };

const users = new Map<UserName, TestUser>();
afterAll(async () => {
  for (const user of users.values()) await user.cleanup();
});

describe.each(USER_NAMES)('kill -9 of what carries a container of %s', (name) => {
  let user: TestUser;
  beforeAll(async () => {
    user = asUser(name);
    users.set(name, user);
    expect((await user.wherry(['pull', '-q', BUSYBOX])).exitCode).toBe(0);
  });

  const detached = async (flags: readonly string[], ...command: string[]): Promise<string> => {
    const run = await user.wherry(['run', '-d', '--network', 'none', ...flags, BUSYBOX, ...command]);
    expect(run.exitCode, run.stderr).toBe(0);
    return run.stdout.trim();
  };
  const fact = (id: string): string[] =>
    readFileSync(path.join(user.root, 'containers', id, 'started'), 'latin1').split(' ');
  const killMonitor = (id: string) => process.kill(Number(fact(id)[0]), 'SIGKILL');
  const initOf = (id: string): number => Number(fact(id)[3]);
  const alive = (pid: number): boolean => {
    try {
      return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
    } catch {
      return false;
    }
  };
  const state = async (id: string): Promise<string> =>
    (await user.wherry(['ps', '-a', '--no-trunc', '--format', '{{.ID}} {{.State}} {{.Status}}'])).stdout
      .split('\n')
      .find((line) => line.startsWith(id))
      ?.slice(id.length + 1) ?? 'gone';
  /** What ps says is true, and rm -f leaves nothing of it. */
  const endsTruly = async (id: string, told = /^exited Exited \(137\)/): Promise<void> => {
    const pid = initOf(id);
    expect(await state(id)).toMatch(told);
    expect(alive(pid)).toBe(false);
    const removed = await user.wherry(['rm', '-f', id]);
    expect(removed.exitCode, removed.stderr).toBe(0);
    expect(await state(id)).toBe('gone');
    expect(user.leftovers().files.filter((file) => file.includes(id))).toEqual([]);
    expect(user.leftovers().mounts).toEqual([]);
    expect(existsSync(path.join(user.cgroup, `wherry-${id}`))).toBe(false);
  };

  it('the monitor, of a container whose first process has changed its user', async () => {
    // A change of ids takes the parent-death signal away (prctl(2)): the kernel ends this one no more.
    const id = await detached([], 'su', '-s', '/bin/sh', 'nobody', '-c', 'sleep 1001 & exec sleep 1000');
    await expect
      .poll(() => user.leftovers().processes.filter((line) => /sleep 100[01]/.test(line)).length, POLL)
      .toBe(2);
    killMonitor(id);
    await endsTruly(id);
    expect(user.leftovers().processes.filter((line) => /sleep/.test(line))).toEqual([]);
  });

  it('the monitor, of a container with --rm, a network and a published port', async () => {
    const run = await user.wherry([
      'run',
      '-d',
      '--rm',
      '-p',
      '127.0.0.1::80',
      BUSYBOX,
      'su',
      'nobody',
      '-s',
      '/bin/sleep',
      '1000',
    ]);
    expect(run.exitCode, run.stderr).toBe(0);
    const id = run.stdout.trim();
    const pid = initOf(id);
    killMonitor(id);
    expect(await state(id)).toBe('gone');
    expect(alive(pid)).toBe(false);
    const next = await user.wherry(['run', '--rm', '--network', 'none', BUSYBOX, 'true']);
    expect(next.exitCode, next.stderr).toBe(0);
    expect(user.leftovers().files.filter((file) => file.includes(id))).toEqual([]);
  });

  it('the monitor, while the container is paused', async (context) => {
    const id = await detached([], 'sleep', '1000');
    const paused = await user.wherry(['pause', id]);
    if (paused.exitCode !== 0) {
      await user.wherry(['rm', '-f', id]);
      return context.skip('there is no cgroup to freeze here');
    }
    expect(await state(id)).toMatch(/^paused/);
    killMonitor(id);
    await endsTruly(id);
  });

  it('the monitor, while the container waits for its next start', async () => {
    const id = await detached(['--restart', 'always'], 'false');
    await expect.poll(() => state(id), POLL).toMatch(/^restarting/);
    // The wait doubles with each start, so that this one is long enough to be hit.
    await expect
      .poll(
        () => readFileSync(path.join(user.root, 'containers', id, 'restarting'), 'latin1').split(' ')[0],
        POLL,
      )
      .toBe('4');
    killMonitor(id);
    await endsTruly(id);
  });

  it('the monitor, and the command, while the container is being stopped', async () => {
    const deaf = 'trap "echo deaf" TERM; echo ready; while true; do sleep 0.1; done';
    const id = await detached([], 'sh', '-c', deaf);
    const follower = user.startWherry(['logs', '-f', id]);
    await follower.waitFor(/ready/);
    const first = user.startWherry(['stop', '-t', '100', id]);
    await follower.waitFor(/deaf/);
    first.killGroup('SIGKILL');
    await first.result;
    expect(await state(id)).toMatch(/^running Up/);
    const second = user.startWherry(['stop', '-t', '100', id]);
    await follower.waitFor(/deaf\s+deaf/);
    killMonitor(id);
    expect((await second.result).exitCode).toBe(0);
    expect((await follower.result).exitCode).toBe(0);
    await endsTruly(id);
  });

  it('the first process, with sessions and attached clients', async () => {
    const id = await detached(['-i'], 'cat');
    const attached = user.startWherry(['attach', id]);
    const session = user.startWherry(['exec', '-i', id, 'sh', '-c', 'echo in; cat']);
    await session.waitFor(/in/);
    expect((await user.wherry(['exec', '-d', id, 'sleep', '1002'])).exitCode).toBe(0);
    attached.write('echoed\n');
    await attached.waitFor(/echoed/);
    process.kill(initOf(id), 'SIGKILL');
    expect((await attached.result).exitCode).toBe(137);
    expect((await session.result).exitCode).toBe(137);
    await endsTruly(id);
    expect(user.leftovers().processes.filter((line) => /sleep 1002/.test(line))).toEqual([]);
  });

  it('clients, and the monitor of a session: the container goes on', async () => {
    const id = await detached(['-i'], 'cat');
    const attached = user.startWherry(['attach', id]);
    attached.write('one\n');
    await attached.waitFor(/one/);
    attached.killGroup('SIGKILL');
    const session = user.startWherry(['exec', id, 'sleep', '1003']);
    // The program itself, not the command line that names it, whose parent is this test.
    const sleeper = (): number =>
      Number(
        user
          .leftovers()
          .processes.find((line) => /^\d+ sleep 1003$/.test(line))
          ?.split(' ')[0] ?? 0,
      );
    await expect.poll(sleeper, POLL).toBeGreaterThan(1);
    const stat = readFileSync(`/proc/${sleeper()}/stat`, 'latin1');
    process.kill(Number(stat.slice(stat.lastIndexOf(')')).split(' ')[2]), 'SIGKILL');
    expect((await session.result).exitCode).not.toBe(0);
    await expect.poll(sleeper, POLL).toBe(0);
    expect(await state(id)).toMatch(/^running/);
    const again = user.startWherry(['attach', id]);
    again.write('two\n');
    await again.waitFor(/two/);
    // Whoever is attached hears of the end, though nobody is left to tell the status.
    killMonitor(id);
    expect((await again.result).exitCode).not.toBe(0);
    await endsTruly(id);
  });

  it('the command that creates: all of a container is there, or nothing', async () => {
    for (const after of [20, 40, 60, 80]) {
      const create = user.startWherry(['create', '--name', 'cut', BUSYBOX, 'true']);
      const timer = setTimeout(() => create.killGroup('SIGKILL'), after);
      await create.result;
      clearTimeout(timer);
      const left = await user.wherry(['ps', '-a', '--filter', 'name=cut', '--format', '{{.State}}']);
      expect(left.stdout).toMatch(/^(created\n)?$/);
      if (left.stdout === '') continue;
      expect((await user.wherry(['start', '-a', 'cut'])).exitCode).toBe(0);
      expect((await user.wherry(['rm', 'cut'])).exitCode).toBe(0);
    }
    expect(user.leftovers().files.filter((file) => /\/containers\/./.test(file))).toEqual([]);
  });
});

// Last, so that the one's seconds pass while the other's containers are killed.
it.each(USER_NAMES)('leaves no process, mount or cgroup of %s in the end', async (name) => {
  const user = users.get(name);
  if (user === undefined) throw new Error(`${name} has run nothing`);
  expect((await user.wherry(['ps', '-aq'])).stdout).toBe('');
  // What all containers share goes by itself some seconds after the last of them.
  await expect.poll(() => user.commands(), POLL).toEqual([]);
  expect(user.leftovers().mounts).toEqual([]);
  expect((await user.run('find', [user.cgroup, '-mindepth', '1', '-type', 'd'])).stdout).toBe('');
});
