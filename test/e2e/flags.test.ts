import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asUser, type TestUser, USER_NAMES } from '../support/user.ts';

const BUSYBOX = 'localhost:5000/busybox';

describe.each(USER_NAMES)('flags of run for %s', (name) => {
  let user: TestUser;
  beforeAll(async () => {
    user = asUser(name);
    expect((await user.wherry(['pull', '-q', BUSYBOX])).exitCode).toBe(0);
  });
  afterAll(() => user.cleanup());

  const run = (flags: readonly string[], script = 'true') =>
    user.wherry(['run', '--rm', '--network', 'none', ...flags, BUSYBOX, 'sh', '-c', script]);

  it('share the PID and IPC namespaces of a container, which ends without its guests', async () => {
    await user.wherry(['rm', '-f', 'donor']);
    const donor = [
      'run',
      '-d',
      '--name',
      'donor',
      '--ipc',
      'shareable',
      '--network',
      'none',
      BUSYBOX,
      'sh',
      '-c',
    ];
    expect(
      (await user.wherry([...donor, 'echo kept >/dev/shm/x; echo ready; exec sleep 1000'])).exitCode,
    ).toBe(0);
    await user.startWherry(['logs', '-f', 'donor']).waitFor(/ready/);
    const guest = await run(
      ['--pid', 'container:donor', '--ipc', 'container:donor'],
      'cat /proc/1/comm /dev/shm/x; echo back >/dev/shm/y; sleep 777 & echo left',
    );
    expect(guest).toMatchObject({ stdout: 'sleep\nkept\nleft\n', exitCode: 0 });
    expect((await user.wherry(['exec', 'donor', 'cat', '/dev/shm/y'])).stdout).toBe('back\n');
    expect((await user.wherry(['top', 'donor'])).stdout).not.toMatch(/sleep 777/);
    const modes = ['inspect', '-f', '{{.HostConfig.PidMode}}|{{.HostConfig.IpcMode}}', 'donor'];
    expect((await user.wherry(modes)).stdout).toBe('|shareable\n');
    await user.wherry(['rm', '-f', 'donor']);
  });

  it('share the host’s namespaces', async () => {
    const links = 'for kind in pid uts ipc; do readlink /proc/self/ns/$kind; done';
    const script = `test -d /proc/$HOSTS && echo host; ${links}`;
    const shared = await run(
      ['--pid', 'host', '--uts', 'host', '--ipc', 'host', '-e', `HOSTS=${process.pid}`],
      script,
    );
    const own = await user.run('sh', ['-c', links]);
    expect(own.stdout).toMatch(/^pid:/);
    expect(shared.stdout).toBe(`host\n${own.stdout}`);
    expect((await run(['--ipc', 'none'], 'ls -d /dev/shm')).exitCode).toBe(1);
    expect((await run(['--cgroupns', 'host'], 'cat /proc/self/cgroup')).stdout).toMatch(
      /0::\/.*\/wherry-[0-9a-f]{64}/,
    );
  });

  it('end what a container with the host’s PID namespace leaves', async () => {
    await user.wherry(['rm', '-f', 'guest']);
    const guest = ['run', '-d', '--name', 'guest', '--pid', 'host', '--network', 'none', BUSYBOX, 'sh', '-c'];
    const pidfile = path.join(user.root, 'pid');
    guest.splice(2, 0, '--pidfile', pidfile);
    expect((await user.wherry([...guest, 'sleep 778 & exec sleep 1000'])).exitCode).toBe(0);
    await expect.poll(async () => (await user.wherry(['top', 'guest'])).stdout).toMatch(/sleep 778/);
    expect((await user.wherry(['top', 'guest'])).stdout.trim().split('\n')).toHaveLength(3);
    const pid = (await user.wherry(['inspect', '-f', '{{.State.Pid}}', 'guest'])).stdout;
    expect(readFileSync(pidfile, 'utf8')).toBe(pid);
    await user.wherry(['rm', '-f', 'guest']);
    await expect.poll(() => user.leftovers().processes.filter((each) => /sleep 778/.test(each))).toEqual([]);
  });

  it('give devices that the user may open, and no others', async () => {
    const fuse = await run(['--device', '/dev/fuse:/dev/other'], 'exec 3<>/dev/other && echo open');
    expect(fuse).toMatchObject({ stdout: 'open\n', stderr: '' });
    expect((await run(['--device', '/dev/fuse:r'])).stderr).toMatch(/aren't enforced/);
    const mem = await run(['--device', '/dev/mem']);
    if (existsSync('/dev/mem')) expect(mem.stderr).toMatch(/can't be opened by you.*\n.*administrator/);
    expect(mem.exitCode).toBe(existsSync('/dev/mem') ? 125 : 127);
    expect((await run(['--device', 'vendor.com/gpu=all'])).stderr).toMatch(/CDI/);
    expect((await run(['--group-add', 'keep-groups'], 'id -u')).stdout).toBe('0\n');
  });

  it('read files of variables, and are not Node.js’s own', async () => {
    const file = path.join(user.root, 'variables');
    const text = 'GIVEN=by-file\nNODE_OPTIONS=--no-such-option\n';
    await user.run('sh', ['-c', `printf '%s' '${text}' >${file}`]);
    const read = await run(['--env-file', file, '-e', 'GIVEN'], 'echo $GIVEN $NODE_OPTIONS');
    expect(read).toMatchObject({ stdout: 'by-file --no-such-option\n', exitCode: 0 });
    const missing = await run(['--env-file', '/no/such']);
    expect(missing).toMatchObject({
      exitCode: 125,
      stderr: expect.stringMatching(/^wherry: open \/no\/such: no such file or directory\n/),
    });
    const words = ['run', '--rm', '--network', 'none', BUSYBOX, 'echo', '--env-file=/no/such'];
    expect((await user.wherry(words)).stdout).toBe('--env-file=/no/such\n');
  });

  it('take an image for another platform for none, and empty values as Docker does', async () => {
    const other = await run(['--platform', 'linux/s390x', '--pull', 'never']);
    expect(other).toMatchObject({
      exitCode: 125,
      stderr: expect.stringMatching(/does not match the specified/),
    });
    const empty = [
      '-w',
      '',
      '--hostname',
      '',
      '--stop-signal',
      '',
      '--name',
      '',
      '--log-driver',
      '',
      '-u',
      '',
    ];
    expect(await run([...empty, '--cidfile', ''], 'pwd')).toMatchObject({ stdout: '/\n', exitCode: 0 });
    expect((await run(['--ulimit', 'nofile=1:999999999'])).stderr).toMatch(
      /can't go beyond your own hard limit for nofile, which is \d+/,
    );
    const piped = ['run', '--rm', '-i', '-a', 'stdout', '--network', 'none', BUSYBOX, 'cat'];
    expect((await user.wherry(piped, { input: 'through\n' })).stdout).toBe('through\n');
  });

  it('are refused by create with Docker’s status', async () => {
    const create = (...flags: string[]) =>
      user.wherry(['create', '--network', 'none', ...flags, BUSYBOX, 'true']);
    expect((await create('--name', 'taken')).exitCode).toBe(0);
    expect(await create('--name', 'taken')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/Conflict/),
    });
    expect(await create('--cap-add', 'NOSUCH')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/no capability/),
    });
    expect((await create('--memory', 'much')).exitCode).toBe(125);
    expect((await run(['--cap-add', 'NOSUCH'])).exitCode).toBe(125);
    await user.wherry(['rm', 'taken']);
  });

  it('put its cgroup below another, and leave none', async () => {
    const group = await run(['--cgroup-parent', 'web/front', '--cgroupns', 'host'], 'cat /proc/self/cgroup');
    expect(group.stdout).toMatch(/\/web\/front\/wherry-[0-9a-f]{64}$/m);
    expect((await run(['--cgroup-parent', '/elsewhere'])).stderr).toMatch(/can't be a container's parent/);
  });

  it('hide and show paths, and refuse what the kernel has not', async () => {
    const masked = await run(
      ['--security-opt', 'mask=/etc', '--security-opt', 'unmask=/proc/sys'],
      'ls /etc; ls -d /proc',
    );
    expect(masked.stdout).toBe('/proc\n');
    const sys = 'grep -c " /proc/sys " /proc/mounts';
    expect((await run([], sys)).stdout).toBe('1\n');
    expect((await run(['--security-opt', 'systempaths=unconfined'], sys)).stdout).toBe('0\n');
    expect(
      (await run(['--security-opt', 'label=disable', '--security-opt', 'apparmor=unconfined'])).exitCode,
    ).toBe(0);
    expect((await run(['--gpus', 'all'])).stderr).toMatch(/--gpus=all: could not select device driver/);
    const discarded = await run(['--memory-swappiness', '10', '--oom-kill-disable']);
    expect(discarded.stderr).toMatch(/swappiness discarded[\s\S]*OomKillDisable discarded/);
    expect(discarded.exitCode).toBe(0);
  });
});
