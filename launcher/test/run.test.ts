import { existsSync, readdirSync, statSync, symlinkSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { finished, output, startTime } from './process.ts';
import { Bench, ended } from './support.ts';
import { obstacle, rangeUser, user } from './users.ts';

const reason = obstacle === undefined ? '' : ` (${obstacle})`;
const owner = user ?? { name: '', uid: 0, gid: 0, range: undefined };

describe.skipIf(obstacle !== undefined)(`run${reason}`, () => {
  test('a command runs as id 0 with its own pids, and its status is the launcher’s', async () => {
    using bench = new Bench(owner);
    const result = await bench.run(['sh', '-c', 'id -u; echo $$; echo oops >&2; exit 3']);
    expect(result).toEqual({ status: 3, stdout: Buffer.from('0\n1\n'), stderr: 'oops\n' });
    expect(bench.read('container/exited')).toMatch(/^3 0 0 \d{4}-/);
  });

  test('statuses of Docker for what can’t be executed, and its words', async () => {
    using bench = new Bench(owner);
    bench.write('image/plain', 'x');
    bench.write('image/rubbish', 'x', 0o755);
    const tried = async (argv: string) => {
      const { status, stderr } = await bench.run([argv]);
      return [status, stderr];
    };
    expect(await tried('nonesuch')).toEqual([
      127,
      'wherry: exec: "nonesuch": executable file not found in $PATH\n',
    ]);
    expect(await tried('/none')).toEqual([127, 'wherry: exec: "/none": no such file or directory\n']);
    expect(await tried('/bin')).toEqual([126, 'wherry: exec: "/bin": is a directory\n']);
    expect(await tried('/plain')).toEqual([126, 'wherry: exec: "/plain": permission denied\n']);
    expect(await tried('/rubbish')).toEqual([126, 'wherry: exec: "/rubbish": exec format error\n']);
    expect(existsSync(bench.path('container/started'))).toBe(false);
  });

  test('a death by signal is 128 and its number', async () => {
    using bench = new Bench(owner);
    const result = await bench.run(['sh', '-c', 'sh -c "kill -9 \\$\\$"; exit $?']);
    expect(result.status).toBe(137);
  });

  test('a failing operation is named for programs, and undone', async () => {
    using bench = new Bench(owner);
    const program = bench.program(['true'], {
      prepare: [
        {
          do: { op: 'make-dir', path: bench.path('made/below'), mode: 0o700 },
          undo: [{ op: 'remove-tree', path: bench.path('made') }],
        },
      ],
      container: [
        {
          op: 'bind',
          source: '/none/such',
          target: '/mnt',
          recursive: false,
          flags: [],
          propagation: 'private',
        },
      ],
    });
    const result = await bench.launch(['run', program], '', ['WHERRY_LAUNCHER_ERRORS=2']);
    expect(result.status).toBe(125);
    expect(result.stderr).toBe('wherry-failure\tcontainer\t7\tbind\t2\tENOENT\t125\t/none/such\t\n');
    expect(existsSync(bench.path('made'))).toBe(false);
    expect(bench.read('container/start-error')).toBe(result.stderr);
  });

  test('megabytes through standard input and output arrive as they were', async () => {
    using bench = new Bench(owner);
    const bytes = Buffer.alloc(3_000_000, 0).map((_, i) => (i * 7919) >> 3);
    const result = await bench.run(['cat'], { stdin: 'once' }, bytes);
    expect(result.status).toBe(0);
    expect(result.stdout.equals(Buffer.from(bytes))).toBe(true);
  });

  test('a command that reads no input doesn’t keep the client', async () => {
    using bench = new Bench(owner);
    const result = await bench.run(['head', '-c', '3'], { stdin: 'once' }, Buffer.alloc(2_000_000, 'x'));
    expect(result).toMatchObject({ status: 0, stdout: Buffer.from('xxx') });
  });

  test('a reader that goes away ends the client alone', async () => {
    using bench = new Bench(owner);
    const child = bench.spawn(['run', bench.program(['sh', '-c', 'seq 100000; exit 5'])]);
    child.stdout?.once('data', () => child.stdout?.destroy());
    // As `run … | head` should: by SIGPIPE.
    expect((await finished(child)).status).toBe(null);
    expect(await bench.fact('exited')).toMatch(/^5 /);
    expect(bench.read('container/log').trimEnd().split('\n')).toHaveLength(100_000);
  });

  test('signals to the client reach the container', async () => {
    using bench = new Bench(owner);
    const child = bench.spawn([
      'run',
      bench.program(['sh', '-c', 'trap "exit 42" TERM; echo ready; while :; do sleep 1 & wait; done']),
    ]);
    await output(child, /ready/);
    child.kill('SIGTERM');
    expect((await finished(child)).status).toBe(42);
  });

  test('the client may be killed: the container goes on, and can be attached to', async () => {
    using bench = new Bench(owner);
    const child = bench.spawn([
      'run',
      bench.program(['sh', '-c', 'echo ready; read line; echo "got $line"; exit 6'], { stdin: 'open' }),
    ]);
    await output(child, /ready/);
    child.kill('SIGKILL');
    await finished(child);
    const result = await bench.launch(['attach', bench.directory], 'word\n');
    expect(result).toMatchObject({ status: 6, stdout: Buffer.from('got word\n') });
  });

  test('killing the monitor kills the container and frees its lock', async () => {
    using bench = new Bench(owner);
    const child = bench.spawn(['run', bench.program(['sh', '-c', 'echo ready; sleep 1000'])]);
    await output(child, /ready/);
    const [monitor, , , init] = (await bench.fact('started')).split(' ').map(Number);
    const began = startTime(init ?? 0);
    process.kill(monitor ?? 0, 'SIGKILL');
    const { status, stderr } = await finished(child);
    expect([status, stderr]).toEqual([
      125,
      "wherry: the container's monitor has ended without a word; the container was killed with it\n",
    ]);
    await ended(bench, init ?? 0, began);
    expect((await bench.run(['true'])).status).toBe(0);
  });

  test('a second monitor for one container is refused, and harms nothing', async () => {
    using bench = new Bench(owner);
    const options = { cleanup: [{ op: 'remove-tree', path: bench.directory } as const] };
    const program = bench.program(['sh', '-c', 'echo ready; read line'], { ...options, stdin: 'once' });
    const child = bench.spawn(['run', program]);
    await output(child, /ready/);
    const second = await bench.launch(['run', program]);
    expect([second.status, second.stderr]).toEqual([125, 'wherry: the container is running already\n']);
    expect(existsSync(bench.path('container/started'))).toBe(true);
    child.stdin?.end('\n');
    await finished(child);
    expect(existsSync(bench.directory)).toBe(false);
  });

  test('detached, the caller ends once the command runs, or hears why it doesn’t', async () => {
    using bench = new Bench(owner);
    const settings = [{ op: 'detach' } as const];
    expect(await bench.run(['nonesuch'], { settings })).toMatchObject({ status: 127 });
    expect(await bench.run(['sh', '-c', 'echo out; exit 9'], { settings })).toMatchObject({ status: 0 });
    expect(await bench.fact('exited')).toMatch(/^9 /);
    expect(bench.read('container/log')).toContain('{"log":"out\\n","stream":"stdout","time":"');
  });

  test('SIGTERM to the monitor passes the stop signal on and ends restarts', async () => {
    using bench = new Bench(owner);
    const settings = [
      { op: 'restart', policy: 'always', maxRetries: 0 },
      { op: 'stop-signal', signal: 10 },
    ] as const;
    const child = bench.spawn([
      'run',
      bench.program(['sh', '-c', 'trap "exit 4" USR1; echo ready; while :; do sleep 1 & wait; done'], {
        settings,
      }),
    ]);
    await output(child, /ready/);
    process.kill(Number((await bench.fact('started')).split(' ')[0]), 'SIGTERM');
    expect((await finished(child)).status).toBe(4);
  });

  test.each([
    ['SIGUSR1 with a value passes that signal on', ['10', '12'], 5],
    ['SIGUSR2 kills', ['12'], 137],
  ])('%s, and ends restarts', async (_, signal, status) => {
    using bench = new Bench(owner);
    const settings = [{ op: 'restart', policy: 'always', maxRetries: 0 }] as const;
    const script = 'trap "exit 5" USR2; echo ready; while :; do sleep 1 & wait; done';
    const child = bench.spawn(['run', bench.program(['sh', '-c', script], { settings })]);
    await output(child, /ready/);
    const [pid = '', start = ''] = (await bench.fact('started')).split(' ');
    expect((await bench.launch(['signal', pid, start, ...signal])).status).toBe(0);
    expect((await finished(child)).status).toBe(status);
  });

  test('on-failure restarts as often as it should, with a longer wait each time', async () => {
    using bench = new Bench(owner);
    const settings = [{ op: 'restart', policy: 'on-failure', maxRetries: 2 } as const];
    const result = await bench.run(['sh', '-c', 'echo again; exit 3'], { settings });
    expect(result).toMatchObject({ status: 3, stdout: Buffer.from('again\nagain\nagain\n') });
    expect(bench.read('container/restarting')).toMatch(/^2 3 0 0 \S+ 200\n$/);
  });

  test('a policy that is left for the monitor takes the place of the program’s', async () => {
    using bench = new Bench(owner);
    bench.write('container/restart-policy', 'on-failure 1\n');
    expect((await bench.run(['sh', '-c', 'echo turn; exit 3'])).stdout.toString()).toBe('turn\nturn\n');
    bench.write('container/restart-policy', 'no 0\n');
    const settings = [{ op: 'restart', policy: 'always', maxRetries: 0 } as const];
    expect((await bench.run(['sh', '-c', 'echo turn; exit 3'], { settings })).stdout.toString()).toBe(
      'turn\n',
    );
  });

  test('a profile of AppArmor is taken, or said to be missing', async () => {
    using bench = new Bench(owner);
    const container = [{ op: 'apparmor', profile: 'wherry-no-such' } as const];
    const result = await bench.run(['true'], { container });
    expect(result.status).toBe(125);
    expect(result.stderr.toString()).toMatch(
      /AppArmor profile wherry-no-such can't be had: (AppArmor isn't enabled|no profile of that name)/,
    );
  });

  test('nothing of the launcher is open in the container', async () => {
    using bench = new Bench(owner);
    const { stdout } = await bench.run(['ls', '/proc/self/fd']);
    // The fourth is the directory that ls reads.
    expect(stdout.toString()).toBe('0\n1\n2\n3\n');
  });

  test('the launcher’s own file can’t be executed into the container and written', async () => {
    using bench = new Bench(owner);
    symlinkSync('/proc/self/exe', bench.path('image/self'));
    const before = statSync(bench.launcher);
    const result = await bench.run(['/self', 'version']);
    expect(result.stdout.toString()).toMatch(/^wherry-launcher /);
    // What was executed is the sealed copy.
    const { stdout } = await bench.run(['/self', 'ns']);
    expect(stdout.toString()).toBe('');
    expect(statSync(bench.launcher)).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs });
  });

  test('with --init the command isn’t process 1, and orphans are reaped', async () => {
    using bench = new Bench(owner);
    const { stdout, status } = await bench.run(['sh', '-c', 'echo $$; (sleep 0 &) ; exit 7'], {
      container: [{ op: 'init' }],
    });
    expect([stdout.toString() === '1\n', status]).toEqual([false, 7]);
  });

  test('process 1 of --init shows nothing of the host', async () => {
    using bench = new Bench(owner);
    const script = 'cat /proc/1/environ /proc/1/cmdline | tr "\\0" " "; ls /proc/1/fd; : >>/proc/1/exe';
    const { stdout, stderr } = await bench.run(['sh', '-c', script], { container: [{ op: 'init' }] });
    expect(stdout.toString()).toBe(`WHERRY_LAUNCHER_INIT=2 /sbin/docker-init -- sh -c ${script} `);
    // A program that runs, or is sealed.
    expect(stderr).toMatch(/Text file busy|Operation not permitted|Permission denied/);
  });

  test('links of an image lead nowhere outside when targets are made', async () => {
    using bench = new Bench(owner);
    symlinkSync('/../../../../../../tmp', bench.path('image/escape'));
    const name = `wherry-escape-${process.pid}`;
    await bench.run(['true'], { container: [{ op: 'rootfs-dir', path: `/escape/${name}`, mode: 0o755 }] });
    expect(existsSync(`/tmp/${name}`)).toBe(false);
    expect(readdirSync(bench.path('upper/tmp'))).toEqual([name]);
  });

  test('a working directory is made, and one outside of the root is refused', async () => {
    using bench = new Bench(owner);
    const made = await bench.run(['pwd'], { container: [{ op: 'working-directory', path: '/new/one' }] });
    expect(made.stdout.toString()).toBe('/new/one\n');
    const leaks = await Promise.all([3, 4, 5, 6, 7, 8].map((fd) => new Promise((resolve) => resolve(fd))));
    for (const fd of leaks) {
      const result = await bench.run(['pwd'], {
        container: [{ op: 'working-directory', path: `/proc/self/fd/${fd}` }],
      });
      expect([fd, result.status]).toEqual([fd, 125]);
    }
  });

  test.skipIf(rangeUser === undefined)(
    'another user has its id, no capabilities, and its own /dev/stdout',
    async () => {
      using bench = new Bench(rangeUser ?? owner);
      const script =
        'id -u; id -g; echo again >/dev/stdout; while read a b; do [ "$a" = CapEff: ] && echo $b; done </proc/self/status';
      const { stdout, stderr } = await bench.run(['sh', '-c', script], { uid: 1000 });
      expect([stdout.toString(), stderr]).toEqual(['1000\n1000\nagain\n0000000000000000\n', '']);
    },
  );
});
