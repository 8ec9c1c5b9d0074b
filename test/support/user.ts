import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import path from 'node:path';
import {
  cgroup2Root,
  makeCgroup,
  makeLegacyCgroups,
  processesIn,
  removeCgroup,
  removeLegacyCgroups,
} from './cgroup.ts';
import { type CommandOptions, type CommandResult, RunningCommand } from './command.ts';
import type { IdExtent } from './tree.ts';

/** `wuser` has a range of subordinate ids, `wnosub` has none. */
export type UserName = 'wuser' | 'wnosub';

export const USER_NAMES: readonly UserName[] = ['wuser', 'wnosub'];

/** Where, in a home directory, the packed product is installed. */
export const INSTALL_DIRECTORY = 'wherry-under-test';

/** The account behind a name. `WHERRY_TEST_LANE` gives a run accounts of its own, so that several can go on at once. */
export function account(name: UserName): string {
  return `${name}${process.env.WHERRY_TEST_LANE ?? ''}`;
}

export interface UserOptions {
  /** Whether the user may make cgroups below its own, as under systemd; default true. */
  readonly delegatedCgroup?: boolean;
  /** Whether directories of cgroup v1 were handed over to the user, as far as the machine has hierarchies of it. */
  readonly legacyCgroups?: boolean;
}

export interface Terminal {
  /** Standard input, output and error are one terminal, of 80 by 24 unless said; stderr is then empty. */
  readonly terminal?: boolean | { readonly columns: number; readonly rows: number };
}

export interface Place {
  /** Runs in the mount namespace of this process. */
  readonly mountsOf?: number;
}

export type UserCommandOptions = CommandOptions & Terminal & Place;

export interface Leftovers {
  /** `pid command` of each process that a command of this user left, however it daemonised. */
  readonly processes: readonly string[];
  /** Mount points on the host that lie in this user's state or run-time directory. */
  readonly mounts: readonly string[];
  /** Files under the state and the run-time directory, directories included. */
  readonly files: readonly string[];
}

const PATH = '/usr/local/bin:/usr/bin:/bin';

/**
 * An ordinary user for one test file: with a state directory (`WHERRY_ROOT`), a run-time directory and a cgroup
 * that no other file shares. `await using` or `cleanup` removes all three with what still runs in them. The test
 * runner itself is root; nothing that is run through this is.
 */
export function asUser(name: UserName, options: UserOptions = {}): TestUser {
  return new TestUser(name, options);
}

/** Removes what test processes that were killed left of a user: each trace names the process that made it. */
export async function sweep(name: UserName): Promise<void> {
  const [, , uid, , , home = '/'] = passwdLine(name);
  const cgroup = path.join(cgroup2Root(), `wherry-test-${account(name)}`);
  const places: readonly [directory: string, pattern: RegExp][] = [
    [home, /^wherry-test-(\d+)-/],
    [`/run/user/${uid}`, /^(\d+)-[0-9a-f]{6}$/],
    [cgroup, /^(\d+)-[0-9a-f]{6}$/],
  ];
  for (const [directory, pattern] of places.toReversed()) {
    for (const entry of readdirSync(directory)) {
      const pid = pattern.exec(entry)?.[1];
      if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
      const trace = path.join(directory, entry);
      if (directory === cgroup) await removeCgroup(trace);
      else rmSync(trace, { recursive: true, force: true });
    }
  }
}

export class TestUser implements AsyncDisposable {
  /** Those that have not been cleaned up. */
  static readonly all = new Set<TestUser>();

  readonly name: UserName;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  /** `WHERRY_ROOT`. */
  readonly root: string;
  /** `XDG_RUNTIME_DIR`. */
  readonly runtimeDirectory: string;
  readonly cgroup: string;
  /** Of version 1. */
  readonly legacyCgroups: readonly string[];
  /** Path of the network namespace that commands are started in, as if it were the machine's; the test's own if unset. */
  networkNamespace: string | undefined;

  constructor(name: UserName, { delegatedCgroup = true, legacyCgroups = false }: UserOptions) {
    const [, , uid, gid, , home] = passwdLine(name);
    const id = `${process.pid}-${randomBytes(3).toString('hex')}`;
    this.name = name;
    this.uid = Number(uid);
    this.gid = Number(gid);
    this.home = home ?? '/';
    this.root = path.join(this.home, `wherry-test-${id}`);
    this.runtimeDirectory = `/run/user/${this.uid}/${id}`;
    this.cgroup = path.join(cgroup2Root(), `wherry-test-${account(name)}`, id);
    for (const directory of [this.root, this.runtimeDirectory]) {
      mkdirSync(directory, { mode: 0o700 });
      chownSync(directory, this.uid, this.gid);
    }
    makeCgroup(this.cgroup, delegatedCgroup ? this : undefined);
    TestUser.all.add(this);
    this.legacyCgroups = legacyCgroups ? makeLegacyCgroups(`wherry-test-${account(name)}-${id}`, this) : [];
  }

  /** The installed product's program. */
  get program(): string {
    return path.join(this.home, INSTALL_DIRECTORY, 'node_modules/.bin/wherry');
  }

  /** User ids as a container of this user has them: root is the user, the rest is the subordinate range. */
  get uidMap(): readonly IdExtent[] {
    return [
      { inside: 0, outside: this.uid, size: 1 },
      ...subordinateRanges('/etc/subuid', account(this.name)),
    ];
  }

  get gidMap(): readonly IdExtent[] {
    return [
      { inside: 0, outside: this.gid, size: 1 },
      ...subordinateRanges('/etc/subgid', account(this.name)),
    ];
  }

  /** Runs `wherry ARGS` to its end. */
  wherry(args: readonly string[], options: UserCommandOptions = {}): Promise<CommandResult> {
    return this.run(this.program, args, options);
  }

  startWherry(args: readonly string[], options: UserCommandOptions = {}): RunningCommand {
    return this.start(this.program, args, options);
  }

  /** Runs any command as this user to its end, whatever its exit status. */
  run(file: string, args: readonly string[] = [], options: UserCommandOptions = {}): Promise<CommandResult> {
    return this.start(file, args, { input: '', ...options }).result;
  }

  /** Starts a command as this user with an environment of a fresh login, and `env` on top of it. */
  start(file: string, args: readonly string[] = [], options: UserCommandOptions = {}): RunningCommand {
    const { terminal = false, mountsOf, ...rest } = options;
    const size = terminal === true ? { columns: 80, rows: 24 } : terminal;
    const command = size === false ? [file, ...args] : inTerminal([file, ...args], size);
    // The shell enters the cgroup while it is still root; setpriv(1) then leaves nothing of root behind.
    const groups = [this.cgroup, ...this.legacyCgroups];
    const enter = `umask 022; ${groups.map(() => 'echo 0 >"$1/cgroup.procs" && shift').join(' && ')} && exec "$@"`;
    const drop = [
      ...(mountsOf === undefined ? [] : ['nsenter', `--target=${mountsOf}`, '--mount', `--wd=${this.home}`]),
      'setpriv',
      `--reuid=${this.uid}`,
      `--regid=${this.gid}`,
      '--init-groups',
      '--inh-caps=-all',
      '--',
    ];
    const machine = this.networkNamespace === undefined ? [] : ['nsenter', `--net=${this.networkNamespace}`];
    return new RunningCommand('/bin/sh', ['-c', enter, 'sh', ...groups, ...machine, ...drop, ...command], {
      cwd: this.home,
      ...rest,
      env: { ...this.environment(size !== false), ...options.env },
      line: [file, ...args].join(' '),
    });
  }

  environment(terminal = false): Record<string, string> {
    return {
      HOME: this.home,
      USER: account(this.name),
      LOGNAME: account(this.name),
      SHELL: '/bin/bash',
      PATH,
      LANG: 'C.UTF-8',
      XDG_RUNTIME_DIR: this.runtimeDirectory,
      WHERRY_ROOT: this.root,
      ...(terminal ? { TERM: 'xterm' } : {}),
    };
  }

  /** Pids of all that this user's commands started and that still runs. */
  processes(): number[] {
    return processesIn(this.cgroup);
  }

  /** The same as `pid command`. */
  commands(): string[] {
    return this.processes().map((pid) => `${pid} ${commandLine(pid)}`);
  }

  leftovers(): Leftovers {
    const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
    const own = [this.root, this.runtimeDirectory];
    return {
      processes: this.commands(),
      mounts: mounts
        .map((line) => line.split(' ')[1] ?? '')
        .filter((point) => own.some((directory) => point.startsWith(`${directory}/`))),
      files: own.flatMap((directory) => filesBelow(directory).map((file) => path.join(directory, file))),
    };
  }

  /** Kills what still runs and removes every trace of this user's commands. */
  async cleanup(): Promise<void> {
    TestUser.all.delete(this);
    await removeCgroup(this.cgroup);
    await removeLegacyCgroups(this.legacyCgroups);
    for (const point of this.#mountsDeepestFirst()) execFileSync('umount', ['-l', point]);
    rmSync(this.root, { recursive: true, force: true });
    rmSync(this.runtimeDirectory, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.cleanup();
  }

  #mountsDeepestFirst(): string[] {
    try {
      return this.leftovers().mounts.toReversed();
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
      throw error;
    }
  }
}

/** script(1) of Debian's bsdutils, which every installation has, holds the terminal and passes the exit status on. */
function inTerminal(command: readonly string[], size: { columns: number; rows: number }): string[] {
  const line = `stty cols ${size.columns} rows ${size.rows}; exec ${command.map(quote).join(' ')}`;
  return ['script', '--quiet', '--return', '--flush', '--command', line, '/dev/null'];
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

export function homeOf(name: UserName): string {
  return passwdLine(name)[5] ?? '/';
}

function passwdLine(name: UserName): string[] {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`${account(name)}:`));
  if (line === undefined)
    throw new Error(`There is no user ${account(name)} yet: run test/machine/setup.sh as root.`);
  return line.split(':');
}

/** What still runs may remove a directory between the listing of what it lies in and its own; then it is looked again. */
function filesBelow(directory: string): string[] {
  for (let tries = 0; ; tries += 1) {
    try {
      return readdirSync(directory, { recursive: true, encoding: 'utf8' });
    } catch (error) {
      const gone = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      if (!gone || !existsSync(directory) || tries > 100) throw error;
    }
  }
}

function subordinateRanges(file: string, login: string): IdExtent[] {
  const ranges = readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .filter(([owner]) => owner === login);
  let inside = 1;
  return ranges.map(([, first, count]) => {
    const extent = { inside, outside: Number(first), size: Number(count) };
    inside += extent.size;
    return extent;
  });
}

function commandLine(pid: number): string {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim();
    return words === '' ? readlinkSync(`/proc/${pid}/exe`) : words;
  } catch {
    // It ended, or it is a zombie, between the listing and this look.
    return '(gone)';
  }
}
