import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asUser, type TestUser, USER_NAMES } from '../support/user.ts';

const BUSYBOX = 'localhost:5000/busybox';
const LOOP = 'trap "echo stopping; exit 3" TERM; echo ready; while true; do sleep 0.1; done';

describe.each(USER_NAMES)('the life of a container of %s', (name) => {
  let user: TestUser;
  beforeAll(async () => {
    user = asUser(name);
    expect((await user.wherry(['pull', '-q', BUSYBOX])).exitCode).toBe(0);
  });
  afterAll(() => user.cleanup());

  const detached = async (container: string, ...command: string[]): Promise<string> => {
    const run = await user.wherry([
      'run',
      '-d',
      '--name',
      container,
      '--network',
      'none',
      BUSYBOX,
      ...command,
    ]);
    expect(run.exitCode, run.stderr).toBe(0);
    expect(run.stdout).toMatch(/^[0-9a-f]{64}\n$/);
    return run.stdout.trim();
  };
  const ready = async (container: string): Promise<void> => {
    const follower = user.startWherry(['logs', '-f', container]);
    await follower.waitFor(/ready/);
    follower.kill('SIGKILL');
  };

  it('outlives the command line, is listed, logs, stops and goes', async () => {
    const id = await detached('one', 'sh', '-c', LOOP);
    await ready('one');
    const ps = await user.wherry(['ps']);
    expect(ps.stdout).toMatch(/^CONTAINER ID\s+IMAGE\s+COMMAND\s+CREATED\s+STATUS\s+PORTS\s+NAMES$/m);
    expect(ps.stdout).toMatch(new RegExp(`^${id.slice(0, 12)}\\s+${BUSYBOX}\\s+.*Up .*\\s+one$`, 'm'));

    const refused = await user.wherry(['rm', 'one']);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toMatch(/running/);

    expect(await user.wherry(['stop', 'one'])).toMatchObject({ stdout: 'one\n', exitCode: 0 });
    expect((await user.wherry(['logs', 'one'])).stdout).toBe('ready\nstopping\n');
    expect((await user.wherry(['ps', '-q'])).stdout).toBe('');
    expect((await user.wherry(['ps', '-a'])).stdout).toMatch(/Exited \(3\)/);
    expect(await user.wherry(['rm', 'one'])).toMatchObject({ stdout: 'one\n', exitCode: 0 });
    expect((await user.wherry(['ps', '-aq'])).stdout).toBe('');
  });

  it('is killed when it does not stop in the time given', async () => {
    await detached('deaf', 'sh', '-c', 'trap "" TERM; echo ready; while true; do sleep 0.1; done');
    await ready('deaf');
    expect((await user.wherry(['stop', '-t', '1', 'deaf'])).exitCode).toBe(0);
    expect((await user.wherry(['wait', 'deaf'])).stdout).toBe('137\n');
    await user.wherry(['rm', 'deaf']);
  });

  it('keeps its name to itself', async () => {
    await detached('taken', 'sleep', '100');
    const second = await user.wherry(['run', '-d', '--name', 'taken', '--network', 'none', BUSYBOX, 'true']);
    expect(second.exitCode).toBe(125);
    expect(second.stderr).toMatch(/taken.*already in use/);
    expect((await user.wherry(['rm', '-f', 'taken'])).exitCode).toBe(0);
    expect(user.leftovers().processes.filter((line) => /sleep/.test(line))).toEqual([]);
  });

  it('goes on when the command line in the foreground is killed', async () => {
    const run = user.startWherry(['run', '--name', 'fore', '--network', 'none', BUSYBOX, 'sh', '-c', LOOP]);
    await run.waitFor(/ready/);
    run.kill('SIGKILL');
    expect((await user.wherry(['ps'])).stdout).toMatch(/Up .*\s+fore/);
    expect((await user.wherry(['stop', 'fore'])).exitCode).toBe(0);
    expect((await user.wherry(['rm', 'fore'])).exitCode).toBe(0);
  });

  it('passes signals of the foreground on to the container', async () => {
    const run = user.startWherry(['run', '--rm', '--network', 'none', BUSYBOX, 'sh', '-c', LOOP]);
    await run.waitFor(/ready/);
    run.kill('SIGTERM');
    expect(await run.result).toMatchObject({ exitCode: 3, stdout: 'ready\nstopping\n' });
    expect((await user.wherry(['ps', '-aq'])).stdout).toBe('');
  });

  it('is told truly when its monitor was killed', async () => {
    await detached('orphan', 'sleep', '1000');
    // The monitor is the parent of the container's first process.
    const init = user
      .leftovers()
      .processes.find((line) => line.endsWith(' sleep 1000'))
      ?.split(' ')[0];
    const stat = readFileSync(`/proc/${init}/stat`, 'utf8');
    process.kill(Number(stat.slice(stat.lastIndexOf(')')).split(' ')[2]), 'SIGKILL');
    expect((await user.wherry(['wait', 'orphan'])).stdout).toBe('137\n');
    expect((await user.wherry(['ps', '-a'])).stdout).toMatch(/Exited \(137\).*orphan/);
    expect((await user.wherry(['rm', 'orphan'])).exitCode).toBe(0);
    expect(user.leftovers().processes.filter((line) => /sleep/.test(line))).toEqual([]);
  });

  it('takes many starts at once', async () => {
    const runs = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        user.wherry(['run', '--rm', '--network', 'none', BUSYBOX, 'echo', `n${i}`]),
      ),
    );
    expect(runs.map((run) => run.stdout)).toEqual(Array.from({ length: 12 }, (_, i) => `n${i}\n`));
    expect((await user.wherry(['ps', '-aq'])).stdout).toBe('');
  });

  it('ends as json, quiet and in full as asked', async () => {
    const id = await detached('shown', 'sleep', '100');
    expect((await user.wherry(['ps', '-q'])).stdout).toBe(`${id.slice(0, 12)}\n`);
    expect((await user.wherry(['ps', '-q', '--no-trunc'])).stdout).toBe(`${id}\n`);
    const json = JSON.parse((await user.wherry(['ps', '--format', 'json'])).stdout);
    expect(json).toMatchObject({ Names: 'shown', Image: BUSYBOX, State: 'running' });
    expect((await user.wherry(['ps', '--format', '{{.Names}}'])).stdout).toBe('shown\n');
    await user.wherry(['rm', '-f', 'shown']);
  });

  it('shows in info and version', async () => {
    const info = JSON.parse((await user.wherry(['info', '--format', 'json'])).stdout);
    expect(info.storageDriver ?? info.Driver).toBe('overlay');
    expect((await user.wherry(['version'])).stdout).toMatch(/0\.1\.0/);
  });
});
