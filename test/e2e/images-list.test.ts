import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asUser, type TestUser, USER_NAMES } from '../support/user.ts';

const BUSYBOX = 'localhost:5000/busybox';

describe.each(USER_NAMES)('images of %s', (name) => {
  let user: TestUser;
  let id: string;
  beforeAll(async () => {
    user = asUser(name);
    expect((await user.wherry(['pull', '-q', BUSYBOX])).exitCode).toBe(0);
    id = (await user.wherry(['images', '-q', '--no-trunc'])).stdout.trim();
  });
  afterAll(() => user.cleanup());

  it('are tagged, listed by filter and format, and removed by name, short id and digest', async () => {
    expect(await user.wherry(['tag', BUSYBOX, 'mine:1'])).toMatchObject({ exitCode: 0, stdout: '' });
    expect(await user.wherry(['image', 'tag', id.slice(7, 19), 'mine:2'])).toMatchObject({ exitCode: 0 });
    const format = ['--format', '{{.Repository}}:{{.Tag}} {{.ID}}'];
    expect((await user.wherry(['image', 'ls', '--filter', 'reference=mine:*', ...format])).stdout).toBe(
      `mine:1 ${id.slice(7, 19)}\nmine:2 ${id.slice(7, 19)}\n`,
    );
    expect((await user.wherry(['images', '-a', '--digests', 'mine'])).stdout).toMatch(
      /^REPOSITORY +TAG +DIGEST +IMAGE ID +CREATED +SIZE\nmine +1 +sha256:[0-9a-f]{64} /,
    );
    expect(await user.wherry(['rmi', 'mine:1'])).toMatchObject({ stdout: 'Untagged: mine:1\n', exitCode: 0 });
    const refused = await user.wherry(['rmi', id.slice(7, 19)]);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain('image is referenced in multiple repositories');
    const forced = await user.wherry(['image', 'rm', '-f', id.slice(7, 19)]);
    expect(forced.stdout).toContain(`Untagged: mine:2\n`);
    expect(forced.stdout).toContain(`Deleted: ${id}\n`);
    expect((await user.wherry(['images', '-q'])).stdout).toBe('');
    await user.wherry(['pull', '-q', BUSYBOX]);
    const digest = (await user.wherry(['images', '--format', '{{.Digest}}'])).stdout.trim();
    const gone = await user.wherry(['rmi', `${BUSYBOX}@${digest}`]);
    expect(gone.stdout).toContain(`Deleted: ${id}\n`);
    await user.wherry(['pull', '-q', BUSYBOX]);
  });

  it('have a history', async () => {
    const history = await user.wherry(['history', BUSYBOX]);
    expect(history.stdout).toMatch(/^IMAGE +CREATED +CREATED BY +SIZE +COMMENT\n/);
    expect(history.stdout).toContain(`\n${id.slice(7, 19)} `);
    expect((await user.wherry(['image', 'history', '-q', '--no-trunc', BUSYBOX])).stdout).toContain(id);
    const sizes = await user.wherry(['history', '--human=false', '--format', '{{.Size}}', BUSYBOX]);
    expect(sizes.stdout).toMatch(/^\d+$/m);
  });

  it('are shown as a tree, and by platform, with the place of their files', async () => {
    const tree = (await user.wherry(['images', '--tree', BUSYBOX])).stdout;
    expect(tree).toMatch(/\nIMAGE +ID +DISK USAGE +CONTENT SIZE +EXTRA\n/);
    expect(tree).toMatch(new RegExp(`\n${BUSYBOX}:latest +${id.slice(7, 19)} .*\n└─ linux/amd64 `));
    const refused = await user.wherry(['images', '--tree', '-q']);
    expect(refused).toMatchObject({ exitCode: 1, stdout: '' });
    expect(refused.stderr).toContain('--quiet is not yet supported with --tree');
    const { stdout } = await user.wherry(['image', 'inspect', '--platform', 'linux/amd64', BUSYBOX]);
    const [{ Id, GraphDriver }] = JSON.parse(stdout);
    expect(Id).toBe(id);
    expect((await user.run('ls', [`${GraphDriver.Data.UpperDir}/bin/busybox`])).exitCode).toBe(0);
    const other = await user.wherry(['image', 'inspect', '--platform', 'linux/arm64', BUSYBOX]);
    expect(other).toMatchObject({ exitCode: 1, stdout: '[]\n' });
    expect(other.stderr).toContain('does not provide the specified platform (linux/arm64/v8)');
    const status = async (...words: string[]) => (await user.wherry(words)).exitCode;
    expect(await status('container', 'inspect', '--type', 'image', BUSYBOX)).toBe(125);
    expect(await status('image', 'inspect', '-f', '{{', 'nothing')).toBe(64);
    expect(await status('load', '-i', '/')).toBe(1);
    expect(await status('save', '-o', '/dev/null', BUSYBOX)).toBe(1);
    const forced = await user.wherry(['rmi', '-f', 'nothing']);
    expect(forced).toMatchObject({ exitCode: 0, stdout: '' });
    expect(forced.stderr).toContain('No such image: nothing:latest');
  });

  it('are pruned when nothing names or uses them', async () => {
    const asked = await user.wherry(['image', 'prune'], { input: 'n\n' });
    expect(asked.stdout).toContain('WARNING! This will remove all dangling images.');
    expect((await user.wherry(['image', 'prune', '-f'])).stdout).toBe('Total reclaimed space: 0B\n');
    const run = ['create', '--name', 'holds', '--network', 'none', BUSYBOX, 'true'];
    expect((await user.wherry(run)).exitCode).toBe(0);
    expect((await user.wherry(['image', 'prune', '-af'])).stdout).toBe('Total reclaimed space: 0B\n');
    await user.wherry(['rm', 'holds']);
    const pruned = await user.wherry(['image', 'prune', '-af']);
    expect(pruned.stdout).toMatch(/^Deleted Images:\nuntagged: .*busybox/);
    expect(pruned.stdout).toMatch(/\n\nTotal reclaimed space: [\d.]+[kM]B\n$/);
  });
});
