import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { vi } from 'vitest';
import { encodeProgram } from '../../core/src/program/encode.ts';
import type { ContainerOperation, Program, SettingOperation } from '../../core/src/program/operation.ts';
import { finished, polling, QUIET_MS, type Result, startTime, watching } from './process.ts';
import { BUSYBOX, self, type User } from './users.ts';

// Containers on a machine that does other things as well.
vi.setConfig({ testTimeout: 120_000 });

const LAUNCHER = join(import.meta.dirname, '..');
const APPLETS =
  'sh true false echo cat id ls ps pwd sleep yes seq head tty stty hostname mount kill wc touch readlink';

export interface Options {
  readonly settings?: readonly SettingOperation[];
  readonly container?: readonly ContainerOperation[];
  readonly prepare?: Program['prepare'];
  readonly cleanup?: Program['cleanup'];
  readonly terminal?: boolean;
  readonly stdin?: 'open' | 'once';
  readonly uid?: number;
  readonly readOnly?: boolean;
  /** `settings` has one. */
  readonly withoutUserNamespace?: boolean;
}

/** A directory with a busybox root filesystem, and programs for containers in it; removed by `using`. */
export class Bench {
  readonly user: User;
  readonly root: string;
  readonly launcher: string;
  readonly directory: string;

  constructor(owner: User) {
    execFileSync('flock', [join(LAUNCHER, 'Makefile'), 'make', '-s', '-C', LAUNCHER]);
    this.user = owner;
    this.root = mkdtempSync(join(tmpdir(), 'wherry-launcher-'));
    this.directory = join(this.root, 'container');
    // The user's own file, so that it runs from sealed memory.
    this.launcher = join(this.root, 'wherry-launcher');
    copyFileSync(join(LAUNCHER, 'build/wherry-launcher'), this.launcher);
    chmodSync(this.root, 0o755);
    for (const name of [
      'container',
      'container/rootfs',
      'image',
      'image/bin',
      'image/tmp',
      'upper',
      'work',
      'holder',
    ])
      mkdirSync(join(this.root, name));
    copyFileSync(BUSYBOX, join(this.root, 'image/bin/busybox'));
    for (const applet of APPLETS.split(' ')) symlinkSync('busybox', join(this.root, 'image/bin', applet));
    execFileSync('chown', ['-R', `${owner.uid}:${owner.gid}`, this.root]);
  }

  /** Whatever a test that failed has left running ends with it. */
  [Symbol.dispose](): void {
    const [pid, start] = existsSync(join(this.directory, 'started'))
      ? this.read('container/started').split(' ')
      : [];
    try {
      if (pid !== undefined && startTime(Number(pid)) === start) process.kill(Number(pid), 'SIGKILL');
    } catch (error) {
      // It has ended by itself, perhaps since it was looked at.
      if (!['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
    rmSync(this.root, { recursive: true, force: true });
  }

  path(name: string): string {
    return join(this.root, name);
  }

  read(name: string): string {
    return readFileSync(this.path(name), 'utf8');
  }

  /** Writes a file as the user's. */
  write(name: string, content: string | Uint8Array, mode = 0o644): void {
    writeFileSync(this.path(name), content);
    chmodSync(this.path(name), mode);
    chownSync(this.path(name), this.user.uid, this.user.gid);
  }

  userNamespace(holder: string | undefined = undefined): SettingOperation[] {
    const { uid, gid, range } = this.user;
    const map = (op: 'uid-map' | 'gid-map', id: number): SettingOperation[] => [
      { op, inside: 0, outside: id, count: 1 },
      ...(range === undefined ? [] : [{ op, inside: 1, outside: range.start, count: range.count } as const]),
    ];
    return [
      {
        op: 'user-namespace',
        holder,
        linger: 0,
        helpers:
          range === undefined
            ? undefined
            : { newuidmap: '/usr/bin/newuidmap', newgidmap: '/usr/bin/newgidmap' },
        denySetgroups: range === undefined,
      },
      ...map('uid-map', uid),
      ...map('gid-map', gid),
    ];
  }

  /** A program that runs `argv` in a container with all namespaces; the name of its file. */
  program(argv: readonly string[], options: Options = {}): string {
    const { stdin, terminal = false, uid = 0 } = options;
    const none = { effective: 0n, permitted: 0n, inheritable: 0n, ambient: 0n };
    const docker = 0xa80425fbn;
    const flags = ['nosuid', 'noexec', 'nodev'] as const;
    const program: Program = {
      settings: [
        { op: 'directory', path: this.directory },
        ...(options.withoutUserNamespace ? [] : this.userNamespace()),
        ...(['mount', 'pid', 'network', 'uts', 'ipc', 'cgroup'] as const).map(
          (kind) => ({ op: 'namespace', kind }) as const,
        ),
        ...(terminal ? [{ op: 'terminal' } as const] : []),
        { op: 'stdin', mode: stdin ?? 'none' },
        { op: 'attach', stdin: stdin !== undefined, stdout: true, stderr: true },
        {
          op: 'log-file',
          path: join(this.directory, 'log'),
          framing: 'docker-json',
          maxSize: undefined,
          maxFiles: 1,
        },
        ...(options.settings ?? []),
      ],
      prepare: options.prepare ?? [],
      container: [
        {
          op: 'rootfs-overlay',
          mountpoint: join(this.directory, 'rootfs'),
          lower: [this.path('image')],
          upper: { upperdir: this.path('upper'), workdir: this.path('work') },
          options: ['userxattr'],
        },
        { op: 'mount', type: 'proc', source: 'proc', target: '/proc', options: [], flags },
        {
          op: 'mount',
          type: 'tmpfs',
          source: 'tmpfs',
          target: '/dev',
          options: ['mode=755'],
          flags: ['nosuid'],
        },
        {
          op: 'mount',
          type: 'devpts',
          source: 'devpts',
          target: '/dev/pts',
          options: ['newinstance', 'ptmxmode=0666', 'mode=0620'],
          flags: ['nosuid', 'noexec'],
        },
        {
          op: 'bind',
          source: '/dev/null',
          target: '/dev/null',
          recursive: false,
          flags: [],
          propagation: 'private',
        },
        { op: 'rootfs-symlink', path: '/dev/stdout', target: '/proc/self/fd/1' },
        { op: 'loopback-up' },
        ...(terminal ? [{ op: 'console', device: true } as const] : []),
        ...(options.container ?? []),
        { op: 'pivot-root', readOnly: options.readOnly ?? false },
        { op: 'user', uid, gid: uid, groups: [] },
        {
          op: 'capabilities',
          bounding: docker,
          ...(uid === 0 ? { ...none, effective: docker, permitted: docker } : none),
        },
        { op: 'environment', variables: ['PATH=/bin', 'TERM=dumb'] },
        { op: 'arguments', argv },
        { op: 'execute' },
      ],
      cleanup: options.cleanup ?? [],
    };
    return this.encode('program', program);
  }

  /** A program for `exec` in the container that runs. */
  execProgram(
    argv: readonly string[],
    options: Pick<Options, 'terminal' | 'stdin' | 'settings'> = {},
  ): string {
    const [, , , pid] = this.read('container/started').split(' ');
    return this.encode('exec-program', {
      settings: [
        { op: 'join', pid: Number(pid), startTime: startTime(Number(pid)) },
        { op: 'stdin', mode: options.stdin ?? 'none' },
        { op: 'attach', stdin: options.stdin !== undefined, stdout: true, stderr: true },
        ...(options.terminal ? [{ op: 'terminal' } as const] : []),
        ...(options.settings ?? []),
      ],
      prepare: [],
      container: [
        ...(options.terminal ? [{ op: 'console', device: false } as const] : []),
        { op: 'user', uid: 0, gid: 0, groups: [] },
        { op: 'environment', variables: ['PATH=/bin'] },
        { op: 'arguments', argv },
        { op: 'execute' },
      ],
      cleanup: [],
    });
  }

  encode(name: string, program: Program): string {
    this.write(name, encodeProgram(program));
    return this.path(name);
  }

  /** The launcher as the user, in a process of its own. */
  spawn(args: readonly string[]): ChildProcess {
    return this.command([this.launcher, ...args]);
  }

  /** Any command as the user. */
  command(argv: readonly string[]): ChildProcess {
    const [file = '', ...rest] = [...this.#asUser(), ...argv];
    return spawn(file, rest, { cwd: '/', env: { PATH: '/usr/bin:/bin', HOME: this.root }, stdio: 'pipe' });
  }

  async launch(
    args: readonly string[],
    input: Uint8Array | string = '',
    env?: readonly string[],
  ): Promise<Result> {
    const child = this.command([...(env === undefined ? [] : ['env', ...env]), this.launcher, ...args]);
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
    return await finished(child);
  }

  async run(
    argv: readonly string[],
    options: Options = {},
    input: Uint8Array | string = '',
  ): Promise<Result> {
    return await this.launch(['run', this.program(argv, options)], input);
  }

  #asUser(): string[] {
    if (self.uid !== 0) return [];
    return ['setpriv', `--reuid=${this.user.uid}`, `--regid=${this.user.gid}`, '--init-groups', '--'];
  }

  /** Waits for a file of the container's directory to be there. */
  async fact(name: string, matches: RegExp = /./): Promise<string> {
    return await this.appears(join('container', name), matches);
  }

  /** Waits until a file holds something. */
  async appears(name: string, matches: RegExp): Promise<string> {
    const path = this.path(name);
    using watcher = watching(dirname(path));
    for (;;) {
      const changed = watcher.next();
      const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
      if (matches.test(text)) return text;
      await changed;
    }
  }

  /** The size at which a file that was growing stays. */
  async settled(name: string): Promise<number> {
    using watcher = watching(dirname(this.path(name)));
    for (let size = -1; ; ) {
      const changed = watcher.next();
      const now = existsSync(this.path(name)) ? statSync(this.path(name)).size : 0;
      if (now === size) return now;
      size = now;
      await Promise.race([changed, setTimeout(QUIET_MS)]);
      await setTimeout(QUIET_MS);
    }
  }

  /** Waits until a client process sits in its loop, which it enters when the monitor has answered it. */
  async attached(client: ChildProcess): Promise<void> {
    while (!readFileSync(`/proc/${client.pid}/comm`, 'utf8').startsWith('wherry') || !polling(client.pid))
      await setTimeout(5);
  }
}

/** The program that runs another as on an older kernel (old-kernel.c), for the bench's user. */
export function oldKernel(bench: Bench): string {
  const path = bench.path('old-kernel');
  if (existsSync(path)) return path;
  execFileSync('flock', [join(LAUNCHER, 'Makefile'), 'make', '-s', '-C', LAUNCHER, 'build/old-kernel']);
  copyFileSync(join(LAUNCHER, 'build/old-kernel'), path);
  return path;
}

/** Waits for the end of any process of this machine. */
export async function ended(bench: Bench, pid: number, start: string): Promise<void> {
  await finished(bench.spawn(['wait', String(pid), start]));
}
