import { chownSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildCount } from '../support/log-count.ts';
import { asUser, type TestUser, USER_NAMES } from '../support/user.ts';

const BUSYBOX = 'localhost:5000/busybox';

let built: string;
beforeAll(async () => {
  built = mkdtempSync(path.join(tmpdir(), 'wherry-count-'));
  await buildCount(built);
});
afterAll(() => rmSync(built, { recursive: true }));

describe.each(USER_NAMES)('a log driver that writes by itself, for %s', (name) => {
  let user: TestUser;
  beforeAll(async () => {
    user = asUser(name);
    expect((await user.wherry(['pull', '-q', BUSYBOX])).exitCode).toBe(0);
    const plugins = path.join(user.root, 'plugins');
    mkdirSync(plugins, { recursive: true });
    cpSync(built, path.join(plugins, 'count'), { recursive: true });
    for (const each of [plugins, ...readdirSync(plugins, { recursive: true, encoding: 'utf8' })])
      chownSync(path.resolve(plugins, each), user.uid, user.gid);
  });
  afterAll(() => user.cleanup());

  const run = (flags: readonly string[], script: string) =>
    user.wherry(['run', '--log-driver', 'count', '--network', 'none', ...flags, BUSYBOX, 'sh', '-c', script]);
  const helpers = (): number[] =>
    user
      .commands()
      .filter((line) => /log-driver\.mjs/.test(line))
      .map((line) => Number(line.split(' ')[0]));
  const dropped = async (container: string): Promise<{ DroppedBytes: number; Error: string }> =>
    JSON.parse((await user.wherry(['inspect', '-f', '{{json .State.Log}}', container])).stdout);

  it('has all that the container said by its end, is read back by its driver, and goes with it', async () => {
    const script = 'seq 20000; echo "#not this"; echo bad >&2; printf end';
    const done = await run(['--name', 'counted'], script);
    expect(done).toMatchObject({ exitCode: 0, stderr: 'bad\n' });
    const { stdout, stderr } = await user.wherry(['logs', 'counted']);
    const lines = stdout.split('\n');
    expect(lines.slice(0, 3)).toEqual(['1', '2', '3']);
    expect(lines.at(-1)).toBe('end');
    expect(`${stdout}${stderr}`).not.toContain('#');
    expect(lines).toHaveLength(20_001);
    expect(await dropped('counted')).toEqual({ DroppedBytes: 0, Error: '' });
    // What its driver refuses is lost and counted.
    expect((await run(['--name', 'refused'], 'echo "!fail"')).exitCode).toBe(0);
    expect(await dropped('refused')).toEqual({ DroppedBytes: 6, Error: expect.stringMatching(/!fail/) });
    expect((await user.wherry(['logs', '--tail', '1', '-t', 'counted'])).stdout).toMatch(/^\S+Z end$/);
    await expect.poll(helpers).toEqual([]);
    const refused = await user.wherry([
      'run',
      '--log-driver',
      'count',
      '--log-opt',
      'first=0',
      BUSYBOX,
      'true',
    ]);
    expect(refused).toMatchObject({ exitCode: 125, stderr: expect.stringMatching(/first is 0/) });
  });

  it('is run anew when it was killed, and ends when the monitor was', async () => {
    const script = 'while read word; do echo "$word"; done';
    const box = user.startWherry([
      'run',
      '-i',
      '--name',
      'killed',
      '--log-driver',
      'count',
      '--network',
      'none',
      BUSYBOX,
      'sh',
      '-c',
      script,
    ]);
    box.write('first\n');
    const logs = async (): Promise<string> => (await user.wherry(['logs', 'killed'])).stdout;
    await expect.poll(logs, { timeout: 60_000 }).toBe('first\n');
    const [before] = helpers();
    if (before === undefined) throw new Error('nobody runs the driver');
    process.kill(before, 'SIGKILL');
    // What is on its way to one that dies is lost with it; what comes afterwards waits with the monitor for the next one.
    const again = async (): Promise<string> => {
      box.write('again\n');
      return logs();
    };
    await expect.poll(again, { timeout: 60_000 }).toMatch(/^first\n(?:again\n)+$/);
    await expect.poll(helpers).toEqual([expect.toSatisfy((pid) => pid !== before)]);
    const pid = (await user.wherry(['inspect', '-f', '{{.State.Pid}}', 'killed'])).stdout.trim();
    const kill = 'kill -9 $(cut -d" " -f4 /proc/$1/stat)';
    await user.run('/bin/sh', ['-c', kill, 'sh', pid]);
    await box.result;
    await expect.poll(helpers, { timeout: 60_000 }).toEqual([]);
    expect(await logs()).toMatch(/^first\n(?:again\n)+$/);
    expect((await user.wherry(['rm', 'killed'])).exitCode).toBe(0);
  });

  it('never holds up a container that asks for that, while it is stuck', async () => {
    const flags = [
      '-d',
      '--name',
      'stuck',
      '--log-opt',
      'mode=non-blocking',
      '--log-opt',
      'max-buffer-size=64k',
    ];
    // The driver's patience is half a second, its memory of the loop none: the container is through long before.
    const script = 'echo "!loop"; sleep 0.2; seq 100000; echo through > /tmp/done; sleep 1000';
    expect((await run(flags, script)).exitCode).toBe(0);
    await expect
      .poll(async () => (await user.wherry(['exec', 'stuck', 'cat', '/tmp/done'])).stdout, {
        timeout: 60_000,
      })
      .toBe('through\n');
    await expect
      .poll(async () => (await dropped('stuck')).DroppedBytes, { timeout: 60_000 })
      .toBeGreaterThan(0);
    expect((await user.wherry(['rm', '-f', 'stuck'])).exitCode).toBe(0);
    await expect.poll(helpers, { timeout: 60_000 }).toEqual([]);
    expect(user.leftovers().files.filter((file) => /\/log-[0-9a-f]{12}$/.test(file))).toEqual([]);
  });
});
