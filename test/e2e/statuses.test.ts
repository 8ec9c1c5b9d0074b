import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asUser, type TestUser } from '../support/user.ts';

const BUSYBOX = 'localhost:5000/busybox';
let user: TestUser;

beforeAll(async () => {
  user = asUser('wuser');
  expect((await user.wherry(['pull', '-q', BUSYBOX])).exitCode).toBe(0);
});
afterAll(() => user.cleanup());

/** Exit status and first line of what is said, without the program's name. */
async function answer(...args: string[]): Promise<readonly [status: number | null, sentence: string]> {
  const { exitCode, stderr } = await user.wherry(args);
  return [exitCode, (stderr.split('\n')[0] ?? '').replace(/^wherry: /, '')];
}

/** What Docker 28's client says of flags that it can't read, before it asks any daemon. */
const MISREAD: readonly (readonly [flags: readonly string[], sentence: string])[] = [
  [['-m', 'foo'], `invalid argument "foo" for "-m, --memory" flag: invalid size: 'foo'`],
  [['-m', '1x'], `invalid argument "1x" for "-m, --memory" flag: invalid suffix: 'x'`],
  [['--cpus', 'foo'], 'invalid argument "foo" for "--cpus" flag: failed to parse foo as a rational number'],
  [
    ['--pids-limit', 'x'],
    'invalid argument "x" for "--pids-limit" flag: strconv.ParseInt: parsing "x": invalid syntax',
  ],
  [['--ulimit', 'foo=1'], 'invalid argument "foo=1" for "--ulimit" flag: invalid ulimit type: foo'],
  [['--sysctl', 'foo=1'], `invalid argument "foo=1" for "--sysctl" flag: sysctl 'foo=1' is not allowed`],
  [['--mount', 'type=bind'], 'invalid argument "type=bind" for "--mount" flag: target is required'],
  [['-v', '/a:'], 'invalid spec: /a:: empty section between colons'],
  [['-p', '80:foo'], 'invalid containerPort: foo'],
  [
    ['--expose', 'foo'],
    'invalid range format for --expose: foo, error: strconv.ParseUint: parsing "foo": invalid syntax',
  ],
  [['--dns', 'foo'], 'invalid argument "foo" for "--dns" flag: IP address is not correctly formatted: foo'],
  [['--add-host', 'foo'], 'invalid argument "foo" for "--add-host" flag: bad format for add-host: "foo"'],
  [['--network', 'a', '--network', 'a'], 'network "a" is specified multiple times'],
  [['--network-alias', 'a'], 'network-scoped aliases are only supported for user-defined networks'],
  [['--mac-address', 'foo'], 'foo is not a valid mac address'],
  [['--pid', 'foo'], '--pid: invalid PID mode'],
  [['--restart', 'on-failure:x'], 'invalid restart policy format: maximum retry count must be an integer'],
  [['--security-opt', 'foo'], 'Invalid --security-opt: "foo"'],
  [['--pull', 'foo'], `invalid pull option: 'foo': must be one of "always", "missing" or "never"`],
  [['-e', '=a'], 'invalid argument "=a" for "-e, --env" flag: invalid environment variable: =a'],
  [['--env-file', '/nosuch'], 'open /nosuch: no such file or directory'],
  [['-l', '=a'], `invalid argument "=a" for "-l, --label" flag: invalid label '=a': empty name`],
  [['--log-driver', 'none', '--log-opt', 'a=b'], 'invalid logging opts for driver none'],
  [
    ['-a', 'foo'],
    'invalid argument "foo" for "-a, --attach" flag: valid streams are STDIN, STDOUT and STDERR',
  ],
];

/** What it passes on, for its daemon to refuse. */
const REFUSED: readonly (readonly string[])[] = [
  ['--cap-add', 'FOO'],
  ['--name', 'a/b'],
  ['-w', 'relative'],
  ['-m', '1'],
  ['--memory-swap', '10m'],
  ['--oom-score-adj', '2000'],
  ['--restart', 'foo'],
  ['--ipc', 'foo'],
  ['--ipc', 'container:nosuch'],
  ['--volumes-from', 'nosuch'],
  ['--network', 'nosuch'],
  ['--network', 'container:'],
  ['--ip', '1.2.3.4'],
  ['--mount', 'type=foo,dst=/a'],
  ['--mount', 'type=volume,dst=/a', '--mount', 'type=volume,dst=/a'],
  ['-v', 'a:b'],
  ['-v', '/a:/b:foo'],
  ['--tmpfs', '/a:foo'],
  ['--security-opt', 'foo=bar'],
  ['--log-opt', 'foo=bar'],
  ['--log-driver', 'foo'],
  ['--stop-signal', 'FOO'],
  ['--health-interval', '1us'],
  ['--runtime', 'foo'],
  ['--storage-driver', 'foo'],
];

describe('create and run', () => {
  it.each(MISREAD)('can not read %j, and end with 125', async (flags, sentence) => {
    expect(await answer('create', ...flags, BUSYBOX)).toEqual([125, sentence]);
  });

  it.each(REFUSED.map((flags) => [flags]))('refuse %j: with 1, and with 125', async (flags) => {
    expect((await answer('create', ...flags, BUSYBOX))[0]).toBe(1);
    expect((await answer('run', ...flags, BUSYBOX, 'true'))[0]).toBe(125);
  });

  it('end by the words of the failure, as Docker’s run does', async () => {
    expect(await answer('run', '--cidfile', '/nosuch/x', BUSYBOX)).toEqual([
      127,
      'failed to create the container ID file: open /nosuch/x: no such file or directory',
    ]);
    expect(await answer('create', '--cidfile', '/etc/passwd', BUSYBOX)).toEqual([
      1,
      "container ID file found, make sure the other container isn't running or delete /etc/passwd",
    ]);
    expect((await user.wherry(['ps', '-aq'])).stdout).toBe('');
  });
});

describe('update', () => {
  it('several times at once loses nothing', async () => {
    const id = (await user.wherry(['create', BUSYBOX])).stdout.trim();
    const changes = [
      ['-m', '64m', '--memory-swap', '-1'],
      ['--cpus', '0.5'],
      ['--cpu-shares', '512'],
      ['--pids-limit', '77'],
      ['--cpuset-cpus', '0'],
      ['--memory-reservation', '32m'],
      ['--blkio-weight', '300'],
      ['--restart', 'on-failure:4'],
    ];
    const results = await Promise.all(changes.map((flags) => user.wherry(['update', ...flags, id])));
    expect(results.map(({ exitCode }) => exitCode)).toEqual(changes.map(() => 0));
    const fields = 'Memory NanoCpus CpuShares PidsLimit CpusetCpus MemoryReservation BlkioWeight'.split(' ');
    const format = [...fields, 'RestartPolicy.MaximumRetryCount'].map((each) => `{{.HostConfig.${each}}}`);
    expect((await user.wherry(['inspect', '-f', format.join(' '), id])).stdout).toBe(
      `${64 << 20} 500000000 512 77 0 ${32 << 20} 300 4\n`,
    );
    expect(await answer('update', '-m', 'foo', id)).toEqual([
      125,
      `invalid argument "foo" for "-m, --memory" flag: invalid size: 'foo'`,
    ]);
    expect((await answer('update', '-m', '1', id))[0]).toBe(1);
    expect((await answer('update', '--restart', 'foo', id))[0]).toBe(1);
    await user.wherry(['rm', id]);
  });
});

describe('templates and exec', () => {
  it('name what is there, and fail as in Docker', async () => {
    const run = ['run', '-d', '--name', 'web', '--network', 'none', '-l', 'b=2', '-l', 'a=1'];
    expect((await user.wherry([...run, BUSYBOX, 'sleep', '1000'])).exitCode).toBe(0);
    const inspect = async (format: string) => {
      const { exitCode, stdout } = await user.wherry(['inspect', '-f', format, 'web']);
      return [exitCode, stdout.trim()];
    };
    expect(await inspect('{{.Typo}}')).toEqual([1, '']);
    expect(await inspect('{{.State.Typo}}')).toEqual([1, '']);
    expect(await inspect('{{.Config.Labels.typo}}')).toEqual([0, '<no value>']);
    expect(await inspect('{{if .State.Health}}{{.State.Health.Status}}{{end}}')).toEqual([0, '']);
    expect(await inspect('{{json .Config.Labels}}')).toEqual([0, '{"a":"1","b":"2"}']);
    expect(await inspect('{{.Foo')).toEqual([64, '']);
    expect((await answer('ps', '--format', '{{.Typo}}'))[0]).toBe(1);
    expect((await answer('info', '-f', '{{.Typo}}'))[0]).toBe(1);
    expect((await answer('inspect', '--type', 'foo', 'web'))[1]).toMatch(
      /^unknown type: "foo": must be one of/,
    );
    expect((await user.wherry(['info', '-f', '{{.Architecture}} {{.OSType}}'])).stdout).toBe(
      `${(await user.run('uname', ['-m'])).stdout.trim()} linux\n`,
    );
    const stats = ['stats', '--no-stream', '--format', '{{.Container}} {{.Name}}', 'web'];
    expect((await user.wherry(stats)).stdout).toBe('web web\n');
  });

  it.each([
    [['-u', 'nosuch', 'web', 'true'], 126, 'unable to find user nosuch: no matching entries in passwd file'],
    [['-w', 'relative', 'web', 'true'], 126, /absolute path/],
    [['web', 'nosuch'], 127, /executable file not found/],
    [['web', '/etc'], 126, /can't be executed|permission denied|directory/],
    [['-d', 'web', 'nosuch'], 1, /executable file not found/],
    [['-e', '=a', 'web', 'true'], 125, /invalid environment variable: =a$/],
    [['--env-file', '/nosuch', 'web', 'true'], 1, 'open /nosuch: no such file or directory'],
    [['nosuch', 'true'], 1, 'No such container: nosuch'],
  ])('exec %j', async (words, status, sentence) => {
    const [exitCode, said] = await answer('exec', ...words);
    expect(said).toMatch(sentence);
    expect(exitCode).toBe(status);
  });

  it('exec in what does not run, and rm of what does', async () => {
    const [status, sentence] = await answer('rm', 'web');
    expect([status, sentence]).toEqual([
      1,
      'cannot remove container "/web": container is running: stop the container before removing or force remove',
    ]);
    await user.wherry(['pause', 'web']);
    expect(await answer('rm', 'web')).toEqual([
      1,
      'cannot remove container "/web": container is paused and must be unpaused first',
    ]);
    await user.wherry(['unpause', 'web']);
    await user.wherry(['rm', '-f', 'web']);
    const id = (await user.wherry(['create', '--name', 'idle', BUSYBOX])).stdout.trim();
    expect(await answer('exec', 'idle', 'true')).toEqual([1, `container ${id} is not running`]);
    await user.wherry(['rm', 'idle']);
  });
});
