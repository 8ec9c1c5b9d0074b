import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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
    writeFileSync(script, head + execFileSync('cat', [path.join(VM, 'limits.sh')], { encoding: 'utf8' }));
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
});
