import { lstatSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asUser, type TestUser, USER_NAMES, type UserName } from '../support/user.ts';

const IMAGE = 'localhost:5000/debian:bookworm';
const BUSYBOX = 'localhost:5000/busybox';
const SCRIPT = 'cat /etc/os-release; id; ls -ln /; touch /x; apt-get --version';

const users = new Map<UserName, TestUser>();
afterAll(async () => {
  for (const user of users.values()) await user.cleanup();
});

describe.each(USER_NAMES)('run as %s', (name) => {
  let user: TestUser;
  beforeAll(async () => {
    user = asUser(name);
    users.set(name, user);
    const pull = await user.wherry(['pull', '-q', BUSYBOX]);
    expect(pull).toMatchObject({ exitCode: 0, stderr: '' });
  });

  const busybox = (...args: string[]) => user.wherry(['run', '--rm', '--network', 'none', BUSYBOX, ...args]);

  describe.each(['overlay', 'vfs'])('on %s', (driver) => {
    it.each(['none', 'host'])('runs Debian with network %s', async (network) => {
      const run = ['run', '--rm', '--storage-driver', driver, '--network', network, IMAGE];
      const first = await user.wherry([...run, 'sh', '-c', SCRIPT], { timeoutMs: 120_000 });
      expect(first.exitCode, first.stderr).toBe(0);
      expect(first.stdout).toContain('VERSION_CODENAME=bookworm');
      expect(first.stdout).toMatch(/^uid=0\(root\) gid=0\(root\)/m);
      expect(first.stdout).toMatch(/^apt \d/m);
      const second = await user.wherry([...run, 'test', '-e', '/x']);
      expect(second.exitCode, 'a second container sees what the first one wrote').toBe(1);
    });
  });

  it('belongs to the user on the host', async () => {
    const { stdout: id } = await user.wherry(['run', '-d', '--network', 'none', BUSYBOX, 'sleep', '100']);
    const inspected = await user.run('ps', ['-o', 'uid=,args=', '-u', `${user.uid}`]);
    expect(inspected.stdout).toMatch(new RegExp(`^ *${user.uid} +sleep 100$`, 'm'));
    await user.wherry(['rm', '-f', id.trim()]);
  });

  it('writes a container’s files to the disk in its own time, unless they go with it', async () => {
    const root = ['grep', '-E', '^overlay / ', '/proc/mounts'];
    // Newer kernels say fsync=volatile.
    expect((await busybox(...root)).stdout).toMatch(/[,=]volatile/);
    const kept = await user.wherry(['run', '--name', 'kept', '--network', 'none', BUSYBOX, ...root]);
    expect(kept.stdout).toContain('overlay / ');
    expect(kept.stdout).not.toContain('volatile');
    await user.wherry(['rm', 'kept']);
  });

  it.each([
    ['the status of the command', ['sh', '-c', 'exit 42'], 42],
    ['127 when the command is missing', ['no-such-command'], 127],
    ['126 when it can not be invoked', ['/etc'], 126],
  ])('exits with %s', async (_, command, status) => {
    const result = await busybox(...command);
    expect(result.exitCode, result.stderr).toBe(status);
  });

  it('exits with 128 and the signal that ended the container', async () => {
    const run = ['run', '--rm', '--name', 'doomed', '--network', 'none', BUSYBOX, 'sh', '-c'];
    const running = user.startWherry([...run, 'echo ready; exec sleep 1000']);
    await running.waitFor(/ready/);
    expect((await user.wherry(['kill', 'doomed'])).stdout).toBe('doomed\n');
    expect((await running.result).exitCode).toBe(137);
  });

  it('keeps stdout and stderr apart, and passes binary data through -i', async () => {
    const both = await busybox('sh', '-c', 'echo out; echo err >&2');
    expect(both).toMatchObject({ stdout: 'out\n', stderr: 'err\n', exitCode: 0 });
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7) & 255));
    const run = ['run', '--rm', '-i', '--network', 'none', BUSYBOX, 'sha256sum'];
    const { createHash } = await import('node:crypto');
    const result = await user.wherry(run, { input: bytes });
    expect(result.stdout).toBe(`${createHash('sha256').update(bytes).digest('hex')}  -\n`);
  });

  it('loses no line of a long output', async () => {
    const result = await busybox('seq', '200000');
    expect(result.stdout.split('\n').length).toBe(200_001);
    expect(result.stdout.endsWith('\n199999\n200000\n')).toBe(true);
  });

  it('gives a terminal with -t', async () => {
    const command = ['run', '--rm', '-it', '--network', 'none', BUSYBOX, 'sh', '-c', 'tty; stty size'];
    const result = await user.startWherry(command, { terminal: { columns: 91, rows: 33 } }).result;
    expect(result.stdout.replaceAll('\r', '')).toBe('/dev/pts/0\n33 91\n');
  });

  it('takes environment, directory, user, entrypoint and hostname', async () => {
    const flags = [
      '-e',
      'A=b c',
      '-w',
      '/made/here',
      '-u',
      '0:0',
      '--hostname',
      'boat',
      '--entrypoint',
      'sh',
    ];
    const script = 'echo "$A|$PWD|$(id -u)|$(hostname)|$HOME"';
    const run = ['run', '--rm', '--network', 'none', ...flags, BUSYBOX, '-c', script];
    expect(await user.wherry(run)).toMatchObject({ stdout: 'b c|/made/here|0|boat|/root\n', exitCode: 0 });
  });

  it('shares a directory with -v, and only for reading with :ro', async () => {
    const directory = `${user.root}-shared`;
    const command = `echo mine > /shared/file; cat /shared/file`;
    const run = ['run', '--rm', '--network', 'none'];
    const written = await user.wherry([...run, '-v', `${directory}:/shared`, BUSYBOX, 'sh', '-c', command]);
    expect(written).toMatchObject({ stdout: 'mine\n', exitCode: 0 });
    expect(lstatSync(`${directory}/file`).uid).toBe(user.uid);
    const refused = await user.wherry([
      ...run,
      '-v',
      `${directory}:/shared:ro`,
      BUSYBOX,
      'touch',
      '/shared/other',
    ]);
    expect(refused.exitCode).not.toBe(0);
    expect(refused.stderr).toContain('Read-only file system');
    await user.run('rm', ['-r', directory]);
  });

  it('makes the root read-only with --read-only, but not /dev/shm', async () => {
    const run = ['run', '--rm', '--read-only', '--network', 'none', BUSYBOX, 'sh', '-c'];
    const result = await user.wherry([...run, 'touch /x; touch /dev/shm/x && echo fine']);
    expect(result.stdout).toBe('fine\n');
    expect(result.stderr).toContain('Read-only file system');
  });

  it('hides what Docker hides', async () => {
    const masked =
      'for f in kcore keys timer_list latency_stats sched_debug; do [ ! -e /proc/$f ] || wc -c </proc/$f; done';
    const status = 'grep -E "^(CapBnd|Seccomp|NoNewPrivs):" /proc/self/status';
    const result = await busybox(
      'sh',
      '-c',
      `${masked}; ls /sys/firmware | wc -l; ${status}; echo x >/proc/sys/kernel/core_pattern`,
    );
    expect(result.stderr).toMatch(/core_pattern: Read-only file system/);
    expect(result.stdout).toMatch(/^(0\n)+CapBnd:\t00000000a80425fb\nNoNewPrivs:\t0\nSeccomp:\t2\n$/);
  });

  it('prints the plan with --explain and makes nothing', async () => {
    const before = await user.wherry(['ps', '-aq']);
    const result = await user.wherry(['run', '--explain', '--network', 'none', BUSYBOX, 'true']);
    expect(result.exitCode, result.stderr).toBe(0);
    expect(result.stdout).toMatch(/overlay/);
    expect(result.stdout).toMatch(/pivot/i);
    expect((await user.wherry(['ps', '-aq'])).stdout).toBe(before.stdout);
  });

  it('runs the starter image with no registry at all', async () => {
    const hello = await user.wherry(['run', '--rm', '--network', 'none', 'wherry/hello']);
    expect(hello.exitCode, hello.stderr).toBe(0);
    expect(hello.stdout.length).toBeGreaterThan(40);
  });
});

it('has apt work where only one id is mapped', async () => {
  await using user = asUser('wnosub');
  const apt = 'apt-config dump APT::Sandbox::User; touch /f; chown 12:34 /f && chgrp mail /f && echo chowned';
  const run = await user.wherry(['run', '--rm', '--network', 'none', IMAGE, 'sh', '-c', apt]);
  expect(run).toMatchObject({ stdout: 'APT::Sandbox::User "root";\nchowned\n', exitCode: 0 });
});

// At the end, so that the one's last seconds pass while the other still runs containers.
it.each(USER_NAMES)('leaves nothing mounted, and soon nothing running, of %s', async (name) => {
  const user = users.get(name);
  expect(user?.leftovers().mounts).toEqual([]);
  await expect.poll(() => user?.commands(), { timeout: 100_000 }).toEqual([]);
});
