import { spawn } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { removeLegacyCgroups } from './cgroup.ts';
import type { CommandResult, RunningCommand } from './command.ts';
import type { TestUser } from './user.ts';

const SYSTEMD = '/lib/systemd/systemd';
const START_MS = 60_000;

/**
 * A real user manager of systemd (user@.service(5)) for a test user, on a machine that systemd may not have booted: it finds out by
 * /run/systemd/system (sd_booted(3)), which it gets in a mount namespace of its own.
 */
export class UserManager implements AsyncDisposable {
  readonly #user: TestUser;
  readonly #manager: RunningCommand;
  readonly #mounts: number;
  readonly #legacy: string | undefined;
  readonly #configuration: string;

  private constructor(user: TestUser, mounts: number, legacy: string | undefined) {
    this.#user = user;
    this.#mounts = mounts;
    this.#legacy = legacy;
    this.#configuration = path.join(user.root, 'configuration');
    // It waits until it is in its cgroup.
    this.#manager = user.start('/bin/sh', ['-c', `read _ && exec ${SYSTEMD} --user --unit=basic.target`], {
      mountsOf: mounts,
      env: { XDG_CONFIG_HOME: this.#configuration, WHERRY_ROOT: undefined },
      timeoutMs: 600_000,
    });
    if (legacy !== undefined) writeFileSync(path.join(legacy, 'cgroup.procs'), String(this.#manager.pid));
    this.#manager.write('\n');
  }

  /** Undefined where systemd isn't installed. */
  static async start(user: TestUser): Promise<UserManager | undefined> {
    if (!existsSync(SYSTEMD)) return undefined;
    const manager = new UserManager(user, await booted(), legacyCgroup(user));
    const socket = path.join(user.runtimeDirectory, 'systemd/private');
    for (let waited = 0; !existsSync(socket); waited += 50) {
      if (waited > START_MS) throw new Error(`systemd has not come up: ${manager.#manager.stderr}`);
      await delay(50);
    }
    return manager;
  }

  /** Makes a unit of that text known. @param name with `.service` */
  async install(name: string, text: string): Promise<void> {
    const { uid, gid } = this.#user;
    const directory = path.join(this.#configuration, 'systemd/user');
    mkdirSync(directory, { recursive: true });
    writeFileSync(path.join(directory, name), text);
    chownSync(path.join(directory, name), uid, gid);
    await this.systemctl('daemon-reload');
  }

  /** `systemctl --user ARGS`, whatever its exit status. */
  systemctl(...args: readonly string[]): Promise<CommandResult> {
    return this.#user.run('systemctl', ['--user', ...args], { mountsOf: this.#mounts });
  }

  /** A property of a unit. */
  async show(unit: string, property: string): Promise<string> {
    return (await this.systemctl('show', '--value', `--property=${property}`, unit)).stdout.trim();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#manager.kill('SIGTERM');
    await this.#manager.result;
    process.kill(this.#mounts, 'SIGKILL');
    if (this.#legacy !== undefined) await removeLegacyCgroups([this.#legacy]);
    rmSync(this.#configuration, { recursive: true, force: true });
  }
}

/** A process in whose mount namespace the machine looks as if systemd had booted it. */
async function booted(): Promise<number> {
  const mounts = 'mkdir -p /run/systemd && mount -t tmpfs none /run/systemd && mkdir /run/systemd/system';
  const script = `${mounts} && echo ready && exec sleep infinity`;
  const child = spawn('unshare', ['--mount', '--propagation=private', 'sh', '-c', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const _ of child.stdout) break;
  if (child.pid === undefined || child.exitCode !== null) throw new Error('No mount namespace can be made.');
  child.unref();
  return child.pid;
}

/** A directory of the user's in the hierarchy of cgroup v1 that systemd tracks processes by, where there is one. */
function legacyCgroup({ uid, gid, runtimeDirectory }: TestUser): string | undefined {
  const mounts = readFileSync('/proc/mounts', 'utf8').split('\n');
  const point = mounts.find((line) => line.includes('name=systemd'))?.split(' ')[1];
  if (point === undefined) return undefined;
  const directory = path.join(point, `wherry-test-${path.basename(runtimeDirectory)}`);
  mkdirSync(directory);
  for (const file of ['', 'cgroup.procs', 'tasks']) chownSync(path.join(directory, file), uid, gid);
  return directory;
}
