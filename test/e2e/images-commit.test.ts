import { once } from 'node:events';
import { createReadStream, existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asUser, type TestUser, USER_NAMES } from '../support/user.ts';

const BUSYBOX = 'localhost:5000/busybox';
const DEBIAN = 'localhost:5000/debian:bookworm';
const SCRIPT =
  'echo new >/new; rm /etc/issue; rm -r /var/cache; mkdir /var/cache; ln /new /linked; truncate -s 1M /sparse; chmod 600 /etc/fstab 2>/dev/null; true';

describe.each(USER_NAMES)('images made by %s', (name) => {
  let user: TestUser;
  const ok = async (...words: string[]): Promise<string> => {
    const result = await user.wherry(words, { timeoutMs: 120_000 });
    expect(result.exitCode, `${words.join(' ')}\n${result.stderr}`).toBe(0);
    return result.stdout;
  };
  const sh = async (script: string): Promise<string> => {
    const result = await user.run('sh', ['-ec', script], { cwd: user.root, timeoutMs: 120_000 });
    expect(result.exitCode, `${script}\n${result.stderr}`).toBe(0);
    return result.stdout;
  };
  const inside = (image: string, script: string, ...flags: string[]) =>
    ok('run', '--rm', '--network', 'none', ...flags, image, 'sh', '-c', script);

  beforeAll(async () => {
    user = asUser(name);
    await ok('pull', '-q', DEBIAN);
  });
  afterAll(() => user.cleanup());

  it.each(['overlay', 'vfs'])(
    'by commit on %s have the changes, deletions and old owners',
    async (driver) => {
      const container = `made-${driver}`;
      const image = `mine/${driver}:1`;
      const flags = ['--storage-driver', driver, '--network', 'none', '--name', container];
      await ok('run', ...flags, DEBIAN, 'sh', '-c', SCRIPT);
      const id = await ok('commit', '-a', 'Me', '-m', 'why', '-c', 'CMD ["cat", "/new"]', container, image);
      expect(id).toMatch(/^sha256:[0-9a-f]{64}\n$/);
      expect(await ok('run', '--rm', '--network', 'none', image)).toBe('new\n');
      const check = 'ls /etc/issue 2>&1; ls -A /var/cache; stat -c %h /new; stat -c %s /sparse; ls -A /dev';
      const seen = await inside(image, check, '--storage-driver', driver);
      expect(seen).toMatch(/No such file or directory\n2\n1048576\n/);
      expect(await ok('history', '--format', '{{.Comment}}', '--no-trunc', image)).toMatch(/^why\n/);
      const other = driver === 'vfs' ? 'overlay' : 'vfs';
      expect(await inside(image, 'cat /linked', '--storage-driver', other)).toBe('new\n');
      await ok('save', '-o', `${user.root}/${driver}.tar`, image);
      const config = JSON.parse(await sh(`skopeo inspect --config docker-archive:${driver}.tar`));
      expect(config).toMatchObject({ author: 'Me', config: { Cmd: ['cat', '/new'] } });
      // The owners that a user without a range can't make are in the layers all the same.
      await ok('export', '-o', `${user.root}/${driver}-root.tar`, container);
      const listed = await sh(
        `tar -tvf ${driver}-root.tar --numeric-owner | grep -E ' (etc/shadow|new|linked)'`,
      );
      expect(listed).toMatch(/ 0\/42 .* etc\/shadow\n/);
      expect(await sh(`tar -tf ${driver}-root.tar | sort | uniq -d`)).toBe('');
      expect(await sh(`tar -tf ${driver}-root.tar | grep -cE '^(etc/issue|.*/\\.wh\\..*)$' || true`)).toBe(
        '0\n',
      );
      await ok('rm', container);
    },
  );

  it('by commit of a running container leave it running', async () => {
    await ok('run', '-d', '--network', 'none', '--name', 'busy', DEBIAN, 'sleep', '1000');
    await ok('commit', 'busy', 'mine/busy');
    await ok('commit', '--pause=false', 'busy', 'mine/busy');
    expect(await ok('ps', '--format', '{{.Names}} {{.State}}')).toBe('busy running\n');
    await ok('rm', '-f', 'busy');
    // The first one has lost its name to the second; what was made of it keeps it, out of sight.
    const [old = ''] = (await ok('images', '-q', '--no-trunc', '-f', 'dangling=true')).trim().split('\n');
    await ok('create', '--network', 'none', '--name', 'next', old, 'true');
    const child = (await ok('commit', 'next', 'mine/child')).trim();
    await ok('rm', 'next');
    expect(await ok('inspect', '-f', '{{.Parent}} {{.RepoTags}}', 'mine/child')).toBe(
      `${old} [mine/child:latest]\n`,
    );
    expect(await ok('inspect', '-f', '{{.Metadata.LastTagTime}}', 'mine/child')).toMatch(/^20\d\d-/);
    expect(await ok('images', '-q', '--no-trunc')).not.toContain(old);
    expect(await ok('images', '-aq', '--no-trunc')).toContain(old);
    expect((await user.wherry(['rmi', '-f', old])).stderr).toContain('image has dependent child images');
    expect(await ok('rmi', 'mine/child')).toMatch(
      new RegExp(`^Untagged: mine/child:latest\\nDeleted: ${child}\\nDeleted: ${old}\\n`),
    );
  });

  it('of a file with a large hole take neither room nor time for it', async () => {
    const size = 2 ** 28 + 5;
    await ok(
      ...['run', '--network', 'none', '--name', 'hollow', BUSYBOX, 'sh', '-c'],
      `mkdir /h; truncate -s ${size} /h/f; echo end | dd of=/h/f bs=1 seek=100000000 conv=notrunc`,
    );
    const room = async (what: string) => Number((await sh(`du -sk ${what}`)).split('\t')[0]);
    await ok('export', '-o', `${user.root}/hollow.tar`, 'hollow');
    expect(await room('hollow.tar')).toBeLessThan(10_000);
    expect(await sh(`tar -xOf hollow.tar h/f | tr -d '\\0'`)).toBe('end\n');
    // To standard output too, where it is a file; what follows comes after it.
    await sh(`{ echo before; ${user.program} export hollow; echo after; } >stream`);
    expect(await room('stream')).toBeLessThan(10_000);
    expect(await sh('head -n 1 stream; tail -c 6 stream')).toBe('before\nafter\n');
    expect(await sh('tail -c +8 stream | head -c -6 | cmp - hollow.tar; rm stream')).toBe('');
    await sh(`echo before >add; ${user.program} save ${BUSYBOX} >>add; ${user.program} save ${BUSYBOX} >new`);
    expect(await sh('tail -c +8 add | cmp - new; rm add new')).toBe('');
    await ok('commit', 'hollow', 'hollow:1');
    await ok('rm', 'hollow');
    await ok('save', '-o', `${user.root}/saved.tar`, 'hollow:1');
    await ok('rmi', 'hollow:1');
    await ok('load', '-i', `${user.root}/saved.tar`);
    expect(await inside('hollow:1', 'stat -c %s /h/f; du -k /h/f | cut -f 1; tr -d "\\0" </h/f')).toBe(
      `${size}\n4\nend\n`,
    );
    await ok('rmi', 'hollow:1');
  });

  it('by import of what export wrote hold the same files', async () => {
    await ok('run', '--network', 'none', '--name', 'whole', DEBIAN, 'sh', '-c', SCRIPT);
    await sh(
      `${user.program} export whole | ${user.program} import -m moved -c 'CMD ["cat", "/linked"]' - flat:1`,
    );
    expect(await ok('run', '--rm', '--network', 'none', 'flat:1')).toBe('new\n');
    const list =
      'cd /; find bin etc home lib opt root sbin srv usr var -xdev -printf "%p %y %s %m %U %G %l\\n" | grep -vE "^etc/(hosts|hostname|resolv.conf|mtab) |^[^ ]* d " | sort | sha256sum';
    const original = await ok('commit', 'whole');
    expect(await inside('flat:1', list)).toBe(await inside(original.trim(), list));
    // What isn't installed can't be read, and isn't tried.
    const tools = { gzip: 'gz', bzip2: 'bz2', xz: 'xz', zstd: 'zst' };
    const here = Object.entries(tools).filter(([tool]) => existsSync(`/usr/bin/${tool}`));
    await sh('tar -cf small.tar -C /etc passwd');
    for (const [tool] of here) await sh(`${tool} -k small.tar`);
    const server = createServer((_, response) => createReadStream(`${user.root}/small.tar`).pipe(response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const ids = [];
    for (const [, end] of here) {
      const from = `${user.root}/small.tar.${end}`;
      await ok('import', from, 'small:1');
      ids.push(await ok('inspect', '-f', '{{.RootFS.Layers}}', 'small:1'));
    }
    await ok(
      'import',
      '-c',
      'CMD ["x"]',
      '-m',
      'web',
      '--platform',
      'linux/arm64',
      `http://127.0.0.1:${port}/`,
      'web:1',
    );
    ids.push(await ok('inspect', '-f', '{{.RootFS.Layers}}', 'web:1'));
    server.close();
    expect(new Set(ids).size).toBe(1);
    expect(await ok('inspect', '-f', '{{.Architecture}} {{.Config.Cmd}} {{.Comment}}', 'web:1')).toBe(
      'arm64 [x] web\n',
    );
    const nowhere = await user.wherry(['import', `http://127.0.0.1:${port}/gone`]);
    expect(nowhere).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("can't be fetched") });
    await sh(`${user.program} save small:1 | gzip > images.tar.gz; ${user.program} rmi small:1`);
    expect(await ok('load', '-q', '-i', `${user.root}/images.tar.gz`)).toBe('Loaded image: small:1\n');
    const refused = await user.wherry(['import', '-'], { input: 'no archive at all'.repeat(100) });
    expect(refused.exitCode).toBe(1);
    await ok('rm', 'whole');
  });
});
