import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asUser, type TestUser, USER_NAMES } from '../support/user.ts';

const BUSYBOX = 'localhost:5000/busybox';

describe.each(USER_NAMES)('a directory as the root for %s', (name) => {
  let user: TestUser;
  let root: string;

  beforeAll(async () => {
    user = asUser(name);
    // Beside the state directory, as it may not lie in it; in the run-time directory's place it is removed with all else.
    root = path.join(user.home, `wherry-test-${process.pid}-rootfs`);
    const fill = `mkdir -p ${root} && wherry create --name files ${BUSYBOX} && wherry export files | tar -x -C ${root} && wherry rm files`;
    const PATH = `${path.dirname(user.program)}:/usr/bin:/bin`;
    const filled = await user.run('sh', ['-c', fill], { env: { PATH } });
    expect(filled.exitCode, filled.stderr).toBe(0);
  });
  afterAll(async () => {
    await user.run('chmod', ['-R', 'u+rwX', root]);
    await user.run('rm', ['-rf', root]);
    await user.cleanup();
  });

  const wherry = (...args: string[]) => user.wherry(args);
  const run = (directory: string, ...rest: string[]) =>
    wherry('run', '--rm', '--network', 'none', '--rootfs', directory, ...rest);

  it('is written to, and never removed', async () => {
    const wrote = await run(root, 'sh', '-c', 'echo kept >/kept; id -u; stat -c %u /bin/sh');
    expect(wrote).toMatchObject({ stdout: '0\n0\n', stderr: '' });
    expect(readFileSync(path.join(root, 'kept'), 'utf8')).toBe('kept\n');
    const readOnly = await wherry(
      'run',
      '--rm',
      '--network',
      'none',
      '--read-only',
      '--rootfs',
      root,
      'touch',
      '/x',
    );
    expect(readOnly.stderr).toMatch(/Read-only file system/);
    expect((await run(root, '-u', 'nobody', 'true')).exitCode).toBe(127);
    const named = await wherry(
      'run',
      '--rm',
      '--network',
      'none',
      '-u',
      'nobody',
      '--rootfs',
      root,
      'id',
      '-u',
    );
    expect(named.stdout).toBe(name === 'wuser' ? '65534\n' : '0\n');
  });

  it('is shared by containers, one of which keeps its changes apart', async () => {
    const start = (container: string, directory: string) =>
      wherry('run', '-d', '--name', container, '--network', 'none', '--rootfs', directory, 'sleep', '1000');
    for (const [container, directory] of [
      ['one', root],
      ['two', root],
      ['apart', `${root}:O`],
    ] as const) {
      const started = await start(container, directory);
      expect(started.exitCode, started.stderr).toBe(0);
    }
    await wherry('exec', 'one', 'sh', '-c', 'echo by-one >/shared');
    expect((await wherry('exec', 'two', 'cat', '/shared')).stdout).toBe('by-one\n');
    await wherry('exec', 'apart', 'sh', '-c', 'echo mine >/apart; rm /shared');
    expect(existsSync(path.join(root, 'apart'))).toBe(false);
    expect((await wherry('diff', 'apart')).stdout.split('\n').toSorted()).toEqual([
      '',
      'A /apart',
      'D /shared',
    ]);
    expect(await wherry('diff', 'one')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/writes to .* itself/),
    });
    const shown = ['inspect', '-f', '{{.Rootfs}}|{{.Image}}|{{.Config.Image}}', 'one', 'apart'];
    expect((await wherry(...shown)).stdout).toBe(`${root}||\n${root}||\n`);
    expect((await wherry('ps', '--format', '{{.Image}}')).stdout).toBe(`${root}\n`.repeat(3));
    expect((await wherry('commit', 'apart', 'x')).stderr).toMatch(/exploded rootfs/);
    const PATH = `${path.dirname(user.program)}:/usr/bin:/bin`;
    const exported = await user.run(
      'sh',
      ['-c', 'wherry export apart | tar -tf - apart; wherry cp apart:/apart - | tar -xO'],
      {
        env: { PATH },
      },
    );
    expect(exported.stdout).toBe('apart\nmine\n');
    writeFileSync(path.join(user.root, 'given'), 'given\n', { mode: 0o644 });
    await wherry('stop', '-t', '0', 'two');
    expect((await wherry('cp', path.join(user.root, 'given'), 'two:/given')).exitCode).toBe(0);
    expect(readFileSync(path.join(root, 'given'), 'utf8')).toBe('given\n');
    await wherry('start', 'apart');
    expect((await wherry('exec', 'apart', 'cat', '/apart')).stdout).toBe('mine\n');
    expect((await wherry('rm', '-f', 'one', 'two', 'apart')).exitCode).toBe(0);
    expect(existsSync(path.join(root, 'bin/sh'))).toBe(true);
    expect(user.leftovers().files.filter((file) => /storage\/rootfs\/./.test(file))).toEqual([]);
  });

  it('is copied where nothing is overlaid, and shows in the plan', async () => {
    const copied = await wherry(
      ...['run', '--rm', '--network', 'none', '--storage-driver', 'vfs'],
      ...['--rootfs', `${root}:O`, 'sh', '-c', 'rm -r /home && ls /bin/sh'],
    );
    expect(copied.stdout).toBe('/bin/sh\n');
    expect(existsSync(path.join(root, 'home'))).toBe(true);
    expect((await wherry('run', '--explain', '--rootfs', `${root}:O`, 'true')).stdout).toMatch(
      /lower host:.*rootfs/,
    );
  });

  it('is refused where it can’t be one', async () => {
    expect(await run('/', 'true')).toMatchObject({
      exitCode: 125,
      stderr: expect.stringMatching(/own state/),
    });
    expect(await run(path.join(root, 'bin/sh'), 'true')).toMatchObject({
      exitCode: 125,
      stderr: expect.stringMatching(/not a directory/),
    });
    expect((await run('/var/lib', 'true')).stderr).toMatch(/has no \/dev, and you may not make one/);
    expect((await run(root)).stderr).toMatch(/No command specified/);
    const both = await wherry('run', '--rm', '--pull', 'always', '--rootfs', root, 'true');
    expect(both.stderr).toMatch(/cannot specify both --rootfs and --pull=always/);
  });
});
