import { chownSync, mkdirSync, symlinkSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { compileSeccomp } from '../../core/src/seccomp/compile.ts';
import { DEFAULT_PROFILE } from '../../core/src/seccomp/default-profile.ts';
import { finished } from './process.ts';
import { Bench, oldKernel } from './support.ts';
import { obstacle, user } from './users.ts';

const reason = obstacle === undefined ? '' : ` (${obstacle})`;
const owner = user ?? { name: '', uid: 0, gid: 0, range: undefined };

const bind = (source: string, target: string, flags: readonly ('readonly' | 'nosuid')[] = []) =>
  ({ op: 'bind', source, target, recursive: true, flags, propagation: 'rprivate' }) as const;

describe.skipIf(obstacle !== undefined)(`isolation${reason}`, () => {
  test('only what the program mounts is there, and nothing of the host', async () => {
    using bench = new Bench(owner);
    const { stdout } = await bench.run([
      'sh',
      '-c',
      'while read a b c d e f; do echo $e; done </proc/self/mountinfo',
    ]);
    expect(stdout.toString().trim().split('\n').sort()).toEqual([
      '/',
      '/dev',
      '/dev/null',
      '/dev/pts',
      '/proc',
    ]);
  });

  test('masked paths are empty, read-only ones can be read alone, and missing ones are passed over', async () => {
    using bench = new Bench(owner);
    const script =
      'wc -c </proc/version; ls /proc/fs; echo x >/proc/sys/kernel/hostname; cat /proc/sys/kernel/hostname';
    const { stdout, stderr } = await bench.run(['sh', '-c', script], {
      container: [
        { op: 'hostname', name: 'box' },
        { op: 'mask', path: '/proc/version' },
        { op: 'mask', path: '/proc/fs' },
        { op: 'mask', path: '/proc/none' },
        { op: 'read-only', path: '/proc/sys' },
        { op: 'read-only', path: '/proc/none' },
      ],
    });
    expect([stdout.toString(), stderr]).toEqual([
      '0\nbox\n',
      "sh: can't create /proc/sys/kernel/hostname: Read-only file system\n",
    ]);
  });

  test('directories and files of the host are bound, made read-only with all below, their targets made', async () => {
    using bench = new Bench(owner);
    bench.write('file', 'text\n');
    const script = 'cat /a/new/file; echo more >>/a/new/file; echo y >/ro/made; echo z >/rw/made; ls /rw';
    const { stdout, stderr } = await bench.run(['sh', '-c', script], {
      container: [
        bind(bench.path('file'), '/a/new/file', ['readonly']),
        bind(bench.path('holder'), '/ro', ['readonly', 'nosuid']),
        bind(bench.path('holder'), '/rw'),
      ],
    });
    expect(stdout.toString()).toBe('text\nmade\n');
    expect(stderr.match(/Read-only file system/g)).toHaveLength(2);
    expect(bench.read('holder/made')).toBe('z\n');
  });

  test('mounts are the same on a kernel before 5.12, which has no mount_setattr(2)', async () => {
    using bench = new Bench(owner);
    const seen = async (...emulation: string[]) => {
      const script =
        'while read a b c d point options tag rest; do echo $point $options $tag; done </proc/self/mountinfo';
      const program = bench.program(['sh', '-c', script], {
        readOnly: true,
        container: [
          // Has others below it.
          bind('/dev', '/ro-dev', ['readonly', 'nosuid']),
          {
            ...bind(bench.path('image'), '/one'),
            recursive: false,
            flags: ['noexec'],
            propagation: 'slave',
          },
          bind(bench.path('holder'), '/with a space', ['readonly']),
          { op: 'mask', path: '/proc/fs' },
          { op: 'read-only', path: '/proc/sys' },
        ],
      });
      const { stdout, stderr } = await finished(
        bench.command([...emulation, bench.launcher, 'run', program]),
      );
      expect(stderr).toBe('');
      // Of several at one place the last is on top, and the others are nobody's to see.
      return Object.fromEntries(
        stdout
          .toString()
          .trim()
          .split('\n')
          .map((line) => line.split(' ') as [string, ...string[]])
          .map(([point, ...rest]) => [point, rest.join(' ').replace(/:\d+$/, '')]),
      );
    };
    const now = await seen();
    expect(now['/ro-dev/pts']).toMatch(/^ro,nosuid,/);
    expect(await seen(oldKernel(bench), 'mount_setattr')).toEqual(now);
  });

  test('a file can’t be mounted over a directory, and the failure names both', async () => {
    using bench = new Bench(owner);
    bench.write('file', '');
    const { status, stderr } = await bench.run(['true'], { container: [bind(bench.path('file'), '/bin')] });
    expect(status).toBe(125);
    expect(stderr).toMatch(/^wherry: \/bin can't be mounted: a directory can't go over a file/);
  });

  test('a target behind a link of the image stays inside the root', async () => {
    using bench = new Bench(owner);
    mkdirSync(bench.path('image/real'));
    chownSync(bench.path('image/real'), owner.uid, owner.gid);
    symlinkSync('/../../real', bench.path('image/link'));
    const { stdout } = await bench.run(['ls', '/real'], {
      container: [bind(bench.path('image/bin'), '/link/here')],
    });
    expect(stdout.toString()).toBe('here\n');
  });

  test('a read-only root can’t be written, what is mounted on it can', async () => {
    using bench = new Bench(owner);
    const program = ['sh', '-c', 'echo x >/file; echo y >/dev/file; cat /dev/file'];
    const { stdout, stderr } = await bench.run(program, { readOnly: true });
    expect([stdout.toString(), stderr]).toEqual(['y\n', "sh: can't create /file: Read-only file system\n"]);
  });

  test('sysctls of the container’s network, and its loopback', async () => {
    using bench = new Bench(owner);
    const script =
      'cat /proc/sys/net/ipv4/ip_unprivileged_port_start; cat /sys/class/net/lo/operstate 2>/dev/null; ping -c 1 127.0.0.1 >/dev/null 2>&1; cat /proc/net/dev | wc -l';
    const { stdout } = await bench.run(['sh', '-c', script], {
      container: [{ op: 'sysctl', name: 'net.ipv4.ip_unprivileged_port_start', value: '0' }],
    });
    // Two lines of heading, and lo.
    expect(stdout.toString()).toBe('0\n3\n');
  });

  test('capabilities, no_new_privs, limits, umask and oom score are those of the program', async () => {
    using bench = new Bench(owner);
    const script =
      'while read a b; do case $a in Cap*|NoNewPrivs:) echo $a $b;; esac; done </proc/self/status; ulimit -n; umask; cat /proc/self/oom_score_adj';
    const { stdout } = await bench.run(['sh', '-c', script], {
      container: [
        { op: 'no-new-privileges' },
        { op: 'rlimit', resource: 7, soft: 99n, hard: 199n },
        { op: 'umask', mask: 0o27 },
        { op: 'oom-score-adj', value: 500 },
      ],
    });
    expect(stdout.toString().split('\n')).toEqual([
      'CapInh: 0000000000000000',
      'CapPrm: 00000000a80425fb',
      'CapEff: 00000000a80425fb',
      'CapBnd: 00000000a80425fb',
      'CapAmb: 0000000000000000',
      'NoNewPrivs: 1',
      '99',
      '0027',
      '500',
      '',
    ]);
  });

  test.each([[false], [true]])('Docker’s seccomp filter is in force, with no_new_privs %s', async (nnp) => {
    using bench = new Bench(owner);
    const filter = compileSeccomp({
      profile: DEFAULT_PROFILE,
      capabilities: [],
      arch: process.arch === 'arm64' ? 'arm64' : 'amd64',
      singleId: true,
      kernel: { major: 6, minor: 1 },
    });
    const script =
      'while read a b; do case $a in Seccomp:|NoNewPrivs:) echo $a $b;; esac; done </proc/self/status; mount -t tmpfs x /tmp';
    const { stdout, stderr } = await bench.run(['sh', '-c', script], {
      container: [
        { op: 'seccomp', flags: 0, filter },
        ...(nnp ? [{ op: 'no-new-privileges' } as const] : []),
      ],
    });
    expect(stdout.toString()).toBe(`NoNewPrivs: ${nnp ? 1 : 0}\nSeccomp: 2\n`);
    expect(stderr).toMatch(/Operation not permitted|permission denied/);
  });

  test('an optional operation that fails is passed over', async () => {
    using bench = new Bench(owner);
    const sysctl = { op: 'sysctl', name: 'kernel.none', value: '1' } as const;
    expect((await bench.run(['true'], { container: [sysctl] })).status).toBe(125);
    expect((await bench.run(['true'], { container: [{ ...sysctl, optional: true }] })).status).toBe(0);
  });

  test('a joined network namespace is the other container’s', async () => {
    using bench = new Bench(owner);
    using other = new Bench(owner);
    const program = other.program(['sh', '-c', 'echo ready; read line'], {
      stdin: 'open',
      settings: other.userNamespace(bench.path('holder')),
      withoutUserNamespace: true,
    });
    const child = other.spawn(['run', program]);
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    const [, , , pid] = (await other.fact('started')).split(' ');
    const path = `/proc/${pid}/ns/net`;
    const { stdout, stderr } = await bench.run(['readlink', '/proc/self/ns/net'], {
      settings: [...bench.userNamespace(bench.path('holder')), { op: 'namespace', kind: 'network', path }],
      withoutUserNamespace: true,
    });
    expect(stderr).toBe('');
    const inside = await other.launch(['exec', other.execProgram(['readlink', '/proc/1/ns/net'])]);
    expect(stdout.toString()).toBe(inside.stdout.toString());
    child.stdin?.end('\n');
  });
});
