import { existsSync, readFileSync, statSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixture, REPOSITORIES } from '../fixtures/catalogue.ts';
import { REGISTRY } from '../machine/registry.ts';
import { account, asUser, type TestUser, USER_NAMES } from '../support/user.ts';

describe.each(USER_NAMES)('the ordinary user %s', (name) => {
  let user: TestUser;
  beforeAll(() => {
    user = asUser(name);
  });
  afterAll(() => user.cleanup());

  it('has no privilege and the environment of a login', async () => {
    const { stdout } = await user.run('sh', [
      '-c',
      'id -un; grep -E "Cap(Inh|Prm|Eff|Amb)|NoNewPrivs" /proc/self/status; env',
    ]);
    expect(stdout).toMatch(new RegExp(`^${account(name)}\n`));
    expect(stdout.match(/^Cap\w+:\t0+$/gm)).toHaveLength(4);
    expect(stdout).toContain('NoNewPrivs:\t0');
    expect(stdout).toContain(`HOME=/home/${account(name)}\n`);
    expect(stdout).toContain(`XDG_RUNTIME_DIR=/run/user/${user.uid}/`);
    expect(stdout).not.toMatch(/sudo|npm_|VITEST|NODE_/i);
  });

  it('may open /dev/fuse and /dev/net/tun', async () => {
    const { exitCode } = await user.run('sh', [
      '-c',
      'test -r /dev/fuse -a -w /dev/fuse -a -r /dev/net/tun -a -w /dev/net/tun',
    ]);
    expect(exitCode).toBe(0);
  });

  it('passes input, output and the exit status', async () => {
    const result = await user.run('sh', ['-c', 'cat; echo problem >&2; exit 7'], { input: 'in' });
    expect(result).toEqual({ stdout: 'in', stderr: 'problem\n', exitCode: 7 });
  });

  it('has a terminal where a test asks for one', async () => {
    const command = user.start('sh', ['-c', 'stty size; read line; echo "got <$line>"; exit 3'], {
      terminal: { columns: 100, rows: 30 },
    });
    await command.waitFor(/30 100\r\n/);
    command.write('typed words\n');
    const { stdout, exitCode } = await command.result;
    expect(stdout).toContain('got <typed words>\r\n');
    expect(exitCode).toBe(3);
  });

  it('makes cgroups in its delegated subtree', async () => {
    const script = 'mkdir "$0/child" && echo $$ >"$0/child/cgroup.procs" && cat /proc/self/cgroup';
    const { stdout } = await user.run('sh', ['-c', script, user.cgroup]);
    expect(stdout).toMatch(/^0::.*\/child$/m);
  });

  it('sees a process that outlives its command, and its cleanup ends it', async () => {
    await using other = asUser(name);
    const command = other.start('sh', ['-c', 'setsid sleep 1000 >/dev/null 2>&1 </dev/null & echo $!']);
    const pid = Number((await command.result).stdout);
    // Before it is sleep(1), it is the shell's copy of itself.
    const left = () => other.leftovers().processes;
    await expect.poll(left).toEqual([expect.stringMatching(`^${pid} .*sleep 1000$`)]);
    await other.run('touch', [`${other.root}/file`]);
    expect(other.leftovers().files).toEqual([`${other.root}/file`]);
    await other.cleanup();
    expect(existsSync(other.root)).toBe(false);
    expect(existsSync(other.cgroup)).toBe(false);
  });
});

describe('subordinate ids', () => {
  it('exist for wuser: newuidmap maps them', async () => {
    await using user = asUser('wuser');
    const { stdout } = await user.run('unshare', [
      '--user',
      '--map-auto',
      '--map-root-user',
      'cat',
      '/proc/self/uid_map',
    ]);
    expect(stdout.trim().split('\n')).toHaveLength(2);
    expect(user.uidMap).toHaveLength(2);
  });

  it("don't exist for wnosub: a single id is all it can map", async () => {
    await using user = asUser('wnosub');
    const several = await user.run('unshare', ['--user', '--map-auto', '--map-root-user', 'true']);
    expect(several.exitCode).not.toBe(0);
    const single = await user.run('unshare', ['--user', '--map-root-user', 'id', '-u']);
    expect(single.stdout).toBe('0\n');
    expect(user.uidMap).toEqual([{ inside: 0, outside: user.uid, size: 1 }]);
    expect(readFileSync('/etc/subuid', 'utf8')).not.toMatch(new RegExp(`^${account('wnosub')}:`, 'm'));
  });
});

describe('the registry', () => {
  it.each(REPOSITORIES)('serves %s as it was made', async (repository) => {
    const store = await fixture(repository);
    expect(store.tags.size).toBeGreaterThan(0);
    for (const [tag, { digest, mediaType }] of store.tags) {
      const answer = await fetch(`http://${REGISTRY}/v2/${repository}/manifests/${tag}`, {
        headers: { accept: mediaType },
      });
      expect(answer.status).toBe(200);
      expect(answer.headers.get('docker-content-digest')).toBe(digest);
    }
  });

  it('has an image of twenty layers', async () => {
    const store = await fixture('features');
    const root = store.tags.get('latest');
    const manifest: { layers: unknown[] } = JSON.parse(store.blob(root?.digest ?? '').toString());
    expect(manifest.layers).toHaveLength(20);
  });
});

describe('the installed product', () => {
  it.each(USER_NAMES)('belongs to %s and is no set-id program', (name) => {
    const user = asUser(name);
    const stat = statSync(user.program);
    expect(stat.uid).toBe(user.uid);
    expect(stat.mode & 0o6000).toBe(0);
    return user.cleanup();
  });
});
