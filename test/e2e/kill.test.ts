import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixture } from '../fixtures/catalogue.ts';
import type { RunningCommand } from '../support/command.ts';
import { FaultyRegistry } from '../support/faulty-registry.ts';
import { asUser, type TestUser, USER_NAMES } from '../support/user.ts';

describe.each(USER_NAMES)('kill -9 as %s', (name) => {
  let user: TestUser;
  beforeAll(() => {
    user = asUser(name);
  });
  afterAll(() => user.cleanup());

  const settled = async (image: string): Promise<void> => {
    expect((await user.wherry(['rmi', '-f', image])).exitCode).toBe(0);
    expect((await user.wherry(['images', '-aq'])).stdout).toBe('');
    const files = user.leftovers().files;
    expect(files.filter((file) => /blobs\/sha256\/|\/tmp\/|storage\/[^/]+\/[^/]+/.test(file))).toEqual([]);
  };

  it('in the middle of a download: the next pull works and nothing is left over', async () => {
    await using registry = await FaultyRegistry.start({
      images: { x: await fixture('features') },
      rules: [{ on: 'blob', kind: 'stall', after: 200 }],
    });
    const pull = user.startWherry(['pull', `${registry.host}/x`]);
    await registry.stalled();
    pull.killGroup('SIGKILL');
    await pull.result;
    registry.release();
    const again = await user.wherry(['pull', '-q', `${registry.host}/x`]);
    expect(again.exitCode, again.stderr).toBe(0);
    const run = await user.wherry([
      'run',
      '--rm',
      '--network',
      'none',
      '--entrypoint',
      'true',
      `${registry.host}/x`,
    ]);
    expect(run.exitCode, run.stderr).toBe(0);
    await settled(`${registry.host}/x`);
  });

  it.each([10, 30, 50, 70, 90, 120, 160, 220, 300, 400, 600])('%i ms into a pull', async (after) => {
    await using registry = await FaultyRegistry.start({ images: { x: await fixture('features') } });
    const pull = user.startWherry(['pull', `${registry.host}/x`]);
    const timer = setTimeout(() => pull.killGroup('SIGKILL'), after);
    await pull.result;
    clearTimeout(timer);
    const again = await user.wherry(['pull', '-q', `${registry.host}/x`]);
    expect(again.exitCode, again.stderr).toBe(0);
    await settled(`${registry.host}/x`);
  });

  it.each<[string, (run: RunningCommand) => void, number, string]>([
    ['SIGKILL for it alone', (run) => run.kill('SIGKILL'), 137, ''],
    ['SIGTERM for it alone', (run) => run.kill('SIGTERM'), 143, 'interrupted'],
    ['SIGINT for its group', (run) => run.killGroup('SIGINT'), 130, 'interrupted'],
  ])('%s while a run pulls: Node.js ends with it, and the next run works', async (_, send, status, says) => {
    await using registry = await FaultyRegistry.start({
      images: { x: await fixture('features') },
      rules: [{ on: 'blob', kind: 'stall', after: 200 }],
    });
    const command = ['run', '--rm', '--network', 'none', '--entrypoint', 'true', `${registry.host}/x`];
    const run = user.startWherry(command);
    await registry.stalled();
    send(run);
    const { exitCode, stderr } = await run.result;
    expect(exitCode).toBe(status);
    expect(stderr).toContain(says);
    const nodes = () => user.leftovers().processes.filter((line) => line.includes('main.cjs'));
    await expect.poll(nodes).toEqual([]);
    registry.release();
    const again = await user.wherry(command);
    expect(again.exitCode, again.stderr).toBe(0);
    await settled(`${registry.host}/x`);
  });

  it.each([10, 25, 40, 55, 70, 85, 100, 130])('%i ms into a run', async (after) => {
    const image = 'localhost:5000/busybox';
    expect((await user.wherry(['pull', '-q', image])).exitCode).toBe(0);
    const run = user.startWherry(['run', '--name', 'victim', '--network', 'none', image, 'true']);
    // Now it alone, whose end takes Node.js along, now both at once.
    const timer = setTimeout(
      () => (after % 10 === 0 ? run.kill('SIGKILL') : run.killGroup('SIGKILL')),
      after,
    );
    await run.result;
    clearTimeout(timer);
    const next = await user.wherry(['run', '--rm', '--network', 'none', image, 'echo', 'works']);
    expect(next).toMatchObject({ stdout: 'works\n', exitCode: 0 });
    const left = (await user.wherry(['ps', '-aq'])).stdout.split('\n').filter(Boolean);
    for (const id of left) expect((await user.wherry(['rm', '-f', id])).exitCode).toBe(0);
    expect(user.leftovers().files.filter((file) => /\/containers\/./.test(file))).toEqual([]);
    await settled(image);
  });
});
