import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { finished, startTime } from './process.ts';
import { Bench, ended, type Options } from './support.ts';
import { obstacle, rangeUser, user } from './users.ts';

const reason = obstacle === undefined ? '' : ` (${obstacle})`;
const owner = user ?? { name: '', uid: 0, gid: 0, range: undefined };

/** A program for `ns` alone. */
const joining = (bench: Bench, linger = 0) =>
  bench.encode('ns-program', {
    settings: bench
      .userNamespace(bench.path('holder'))
      .map((op) => (op.op === 'user-namespace' ? { ...op, linger } : op)),
    prepare: [],
    container: [],
    cleanup: [],
  });

const inode = ['/bin/readlink', '/proc/self/ns/user'];

describe.skipIf(obstacle !== undefined).each([
  ['a single id', user],
  ['a range of ids', rangeUser],
])(`the holder${reason} with %s`, (_, who) => {
  test.skipIf(who === undefined)(
    'many at once end up in one namespace, which is there for the next',
    async () => {
      using bench = new Bench(who ?? owner);
      const program = joining(bench, 1);
      const all = await Promise.all(
        Array.from({ length: 8 }, () => bench.launch(['ns', program, '--', ...inode])),
      );
      expect(all.map(({ status, stderr }) => [status, stderr])).toEqual(all.map(() => [0, '']));
      expect(new Set(all.map(({ stdout }) => stdout.toString())).size).toBe(1);
    },
  );

  test.skipIf(who === undefined)('it ends by itself, and a killed one is replaced', async () => {
    using bench = new Bench(who ?? owner);
    const program = joining(bench, 0);
    const holder = async () => {
      const { stdout, stderr } = await bench.launch([
        'ns',
        program,
        '--',
        '/bin/cat',
        bench.path('holder/holder.lock'),
      ]);
      expect(stderr).toBe('');
      const [pid, start = ''] = stdout.toString().trim().split(' ');
      return { pid: Number(pid), start };
    };
    const first = await holder();
    await ended(bench, first.pid, first.start);
    const child = bench.spawn(['ns', program, '--', '/bin/sh', '-c', 'echo in; read line']);
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    const [pid, start = ''] = readFileSync(bench.path('holder/holder.lock'), 'utf8').trim().split(' ');
    expect(startTime(Number(pid))).toBe(start);
    process.kill(Number(pid), 'SIGKILL');
    await ended(bench, Number(pid), start);
    const next = await holder();
    expect(next.pid).not.toBe(Number(pid));
    child.stdin?.end('\n');
    await ended(bench, next.pid, next.start);
  });
});

describe.skipIf(obstacle !== undefined)(`id maps${reason}`, () => {
  test('what newuidmap says is what the user reads', async () => {
    using bench = new Bench(owner);
    const settings = [
      {
        op: 'user-namespace',
        holder: undefined,
        linger: 0,
        helpers: { newuidmap: '/usr/bin/newuidmap', newgidmap: '/usr/bin/newgidmap' },
        denySetgroups: false,
      },
      { op: 'uid-map', inside: 0, outside: owner.uid, count: 1 },
      { op: 'uid-map', inside: 1, outside: 4_000_000, count: 10 },
      { op: 'gid-map', inside: 0, outside: owner.gid, count: 1 },
    ] as const;
    const program = bench.encode('bad-map', { settings, prepare: [], container: [], cleanup: [] });
    const { status, stderr } = await bench.launch(['ns', program, '--', '/bin/true']);
    expect(status).toBe(125);
    expect(stderr).toMatch(/^wherry: the id map couldn't be written: newuidmap: /);

    // A container says so, too, and is removed when it was to be.
    const run = (cleanup: Options['cleanup'] = []) => {
      const container = bench.program(['true'], { settings, withoutUserNamespace: true, cleanup });
      return bench.launch(['run', container], '', ['WHERRY_LAUNCHER_ERRORS=2']);
    };
    const failed = await run();
    expect(failed.stderr).toMatch(/^wherry-failure\tnamespace\t/);
    expect(bench.read('container/start-error')).toBe(failed.stderr);
    const removed = await run([{ op: 'remove-tree', path: bench.directory }]);
    expect(removed.stderr).toBe(failed.stderr);
    expect(existsSync(bench.directory)).toBe(false);
  });
});

describe.skipIf(obstacle !== undefined)(`no user namespaces${reason}`, () => {
  test.each([
    ['a holder', true],
    ['none', false],
  ])('are said to be switched off, with %s', async (_, withHolder) => {
    using bench = new Bench(owner);
    const program = bench.program(['true'], {
      settings: bench.userNamespace(withHolder ? bench.path('holder') : undefined),
      withoutUserNamespace: true,
    });
    // A namespace's own limit, as an administrator sets it for the machine.
    const inner = `echo 0 >/proc/sys/user/max_user_namespaces; exec ${bench.launcher} run ${program}`;
    const { status, stderr } = await finished(
      bench.command(['unshare', '--user', '--map-root-user', 'sh', '-c', inner]),
    );
    expect(status).toBe(125);
    expect(stderr).toMatch(
      /^wherry: user-namespace: user namespaces are used up or switched off\nAsk the administrator for: sysctl -w user\.max_user_namespaces=/,
    );
  });
});
