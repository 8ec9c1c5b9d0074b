import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { cgroup2Root, makeCgroup, processesIn, removeCgroup } from './cgroup.ts';
import { type CommandOptions, type CommandResult, RunningCommand } from './command.ts';
import { homeOf, INSTALL_DIRECTORY } from './user.ts';

/** Removes the directories of test processes that were killed. */
function sweep(): void {
  for (const entry of readdirSync(PLACE)) {
    const pid = /^wherry-test-root-(\d+)-/.exec(entry)?.[1];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    rmSync(path.join(PLACE, entry), { recursive: true, force: true });
  }
}

/** A place that everybody may pass through, as /var/lib is. */
const PLACE = '/var/tmp';

/**
 * The machine's root as a caller of the product: an installation of its own, a state directory (`WHERRY_ROOT`), a run-time
 * directory and a cgroup. `cleanup` removes them with what still runs in them, and what the product keeps below /run.
 */
export class RootCaller {
  readonly directory: string;
  /** `WHERRY_ROOT`. */
  readonly root: string;
  readonly cgroup: string;

  constructor() {
    sweep();
    const id = `${process.pid}-${randomBytes(3).toString('hex')}`;
    this.directory = path.join(PLACE, `wherry-test-root-${id}`);
    this.root = path.join(this.directory, 'state');
    this.cgroup = path.join(cgroup2Root(), 'wherry-test-root', id);
    for (const name of ['', 'run', 'work']) mkdirSync(path.join(this.directory, name));
    for (const name of ['', 'work']) chmodSync(path.join(this.directory, name), 0o755);
    chmodSync(path.join(this.directory, 'run'), 0o700);
    makeCgroup(this.cgroup);
    // Root runs no program that belongs to somebody else.
    const installed = path.join(homeOf('wuser'), INSTALL_DIRECTORY);
    execFileSync('cp', ['-r', '--no-preserve=ownership', installed, path.join(this.directory, 'product')]);
  }

  /** A directory for the test's own files. */
  get work(): string {
    return path.join(this.directory, 'work');
  }

  get program(): string {
    return path.join(this.directory, 'product/node_modules/.bin/wherry');
  }

  wherry(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    return this.run(this.program, args, options);
  }

  run(file: string, args: readonly string[] = [], options: CommandOptions = {}): Promise<CommandResult> {
    const enter = 'umask 022; echo 0 >"$1/cgroup.procs" && shift && exec "$@"';
    return new RunningCommand('/bin/sh', ['-c', enter, 'sh', this.cgroup, file, ...args], {
      cwd: this.work,
      input: '',
      ...options,
      env: {
        HOME: '/root',
        USER: 'root',
        PATH: `${path.dirname(this.program)}:/usr/sbin:/usr/bin:/sbin:/bin`,
        LANG: 'C.UTF-8',
        XDG_RUNTIME_DIR: path.join(this.directory, 'run'),
        WHERRY_ROOT: this.root,
        ...options.env,
      },
      line: [file, ...args].join(' '),
    }).result;
  }

  /** Pids of all that this caller's commands started and that still runs. */
  processes(): number[] {
    return processesIn(this.cgroup);
  }

  /** Mount points on the host in its directories. */
  mounts(): string[] {
    return readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .map((line) => line.split(' ')[1] ?? '')
      .filter((point) => point.startsWith(`${this.directory}/`));
  }

  async cleanup(): Promise<void> {
    const info = existsSync(this.root)
      ? await this.wherry(['info', '--format', '{{.RuntimeDirectory}}'])
      : undefined;
    await removeCgroup(this.cgroup);
    for (const point of this.mounts().toReversed()) execFileSync('umount', ['-l', point]);
    const runtime = info?.stdout.trim() ?? '';
    if (/^\/run\/wherry\/[0-9a-f]{12}$/.test(runtime)) rmSync(runtime, { recursive: true, force: true });
    rmSync(this.directory, { recursive: true, force: true });
  }
}
