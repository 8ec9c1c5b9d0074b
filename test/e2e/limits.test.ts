import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { account, asUser, type TestUser } from '../support/user.ts';

const IMAGE = 'localhost:5000/busybox';
const VM = path.join(import.meta.dirname, '../machine/vm');
const CACHE = '/var/cache/wherry-test';
/** Emulated, on a machine with other work; it takes a minute where there is none. */
const LIMIT_MS = 900_000;

/** Where the machine has no controllers to give, one that is emulated has. */
describe('limits by cgroup v2', { timeout: LIMIT_MS, retry: 0 }, () => {
  let user: TestUser;
  let directory: string;
  let skip: string | undefined;
  let withoutSystemd: string | undefined;
  const said = new Map<string, string>();
  let console = '';

  beforeAll(async () => {
    user = asUser('wuser');
    mkdirSync(CACHE, { recursive: true });
    directory = mkdtempSync(path.join(CACHE, 'vm-run-'));
    if (spawnSync('qemu-system-x86_64', ['--version']).status !== 0) {
      skip = 'qemu-system-x86_64 is not installed';
      return;
    }
    expect((await user.wherry(['pull', '-q', IMAGE])).exitCode).toBe(0);
    const tar = path.join(user.root, 'image.tar');
    const saved = await user.wherry(['save', '-o', tar, IMAGE]);
    expect(saved.exitCode, saved.stderr).toBe(0);
    execFileSync('install', ['-m', '644', tar, path.join(directory, 'image.tar')]);
    const script = path.join(directory, 'limits.sh');
    const head = `WHERRY=${user.program} IMAGE=${IMAGE}\n`;
    writeFileSync(script, head + readFileSync(path.join(VM, 'limits.sh'), 'utf8'));
    if (spawnSync('dbus-daemon', ['--version']).status === 0 && existsSync('/lib/systemd/systemd')) {
      const second = head + readFileSync(path.join(VM, 'systemd.sh'), 'utf8');
      writeFileSync(path.join(directory, 'systemd.sh'), second);
      copyFileSync(path.join(VM, 'session.sh'), path.join(directory, 'session.sh'));
    } else withoutSystemd = 'systemd and dbus-daemon are not installed';
    const boot = spawnSync(
      path.join(VM, 'boot.sh'),
      [path.join(CACHE, 'vm'), directory, account('wuser'), script],
      {
        encoding: 'utf8',
        timeout: LIMIT_MS - 60_000,
      },
    );
    if (boot.status === 3) skip = `no emulated machine: ${boot.stderr.trim()}`;
    console = `${boot.stdout}${boot.stderr}`;
    for (const [, name = '', text = ''] of console.matchAll(/^SAID (\S+) (.*)$/gm))
      said.set(name, text.trim());
  }, LIMIT_MS);

  afterAll(async () => {
    rmSync(directory, { recursive: true, force: true });
    await user.cleanup();
  });

  const check = (what: string, name: string, text: string | RegExp) =>
    it(what, (context) => {
      if (skip !== undefined) context.skip(skip);
      expect(said.get(name), console).toMatch(text);
    });

  check('are taken without a warning', 'warnings', /^$/);
  check(
    'are in the files of the container’s group, and it sees one processor',
    'files',
    /^67108864 67108864 33554432 20000 100000 20 1 default 910 \d+:\d+ rbps=1048576 wbps=max riops=max wiops=max 1$/,
  );
  check('hold back what wants more of the processor', 'throttled', /^yes$/);
  check('end forks at --pids-limit', 'forks', /can't fork/);
  check('are changed while it runs', 'updated', /^134217728 134217728 30 150000 100000 default 4950$/);
  check('are what stats shows', 'stats', /^[\d.]+[KM]iB \/ 128MiB [1-9]\d*$/);
  check('pause freezes the group', 'paused', /^paused 1$/);
  check('on memory kill what wants more: 137', 'hog', /^137$/);
  check('and inspect tells', 'oom', /^true 137 16777216$/);
  check('and events tell, in their order', 'events', /start .*oom .*die/);
  check('and tell of another process that is killed while the container goes on', 'alive', /^true true$/);
  check('leave no group behind', 'left', /No such file/);

  const login = (what: string, name: string, text: RegExp) =>
    it(`in a login session of systemd’s: ${what}`, (context) => {
      const obstacle = skip ?? withoutSystemd;
      if (obstacle !== undefined) context.skip(obstacle);
      expect(said.get(`systemd-${name}`), console).toMatch(text);
    });
  const scope = String.raw`/user@\d+\.service/app\.slice/wherry-[0-9a-f]{12}-1\.scope/wherry-[0-9a-f]{64}$`;

  login(
    'nothing is the user’s to arrange',
    'session',
    /^0::\/user\.slice\/user-\d+\.slice\/session-1\.scope$/,
  );
  login(
    'limits are taken, with a word about logging out',
    'warnings',
    /^WARNING: this container ends when you/,
  );
  login('the container is in a scope of the user’s manager', 'group', new RegExp(scope));
  login('a command in it has its limits', 'exec', /^67108864 67108864 50000 100000 20 .*can't fork/);
  login('they are changed while it runs', 'updated', /^134217728 134217728 30$/);
  login('and kept by a restart', 'restarted', /^134217728$/);
  login('--cgroup-parent is a slice', 'slice', /\/user@\d+\.service\/lab\.slice\/wherry-\S+\.scope\/wherry-/);
  login('without limits, a container outlives the manager', 'free', /\/session-1\.scope$/);
  login('and gets them with its next start', 'late', /from its next start on/);
  login('nothing is left of a scope', 'left', /^\.$/);
});
