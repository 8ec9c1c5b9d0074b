import { mkdirSync, rmdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { asUser, INSTALL_DIRECTORY, type TestUser } from '../support/user.ts';

const BUSYBOX = 'localhost:5000/busybox';
const DEBIAN = 'localhost:5000/debian';

let user: TestUser;
beforeAll(() => {
  user = asUser('wnosub');
});
afterAll(() => user.cleanup());

it('runs on a machine that has only what Debian calls essential, inside a container', async () => {
  const mount = `${path.join(user.home, INSTALL_DIRECTORY)}:/w:ro`;
  const script = `set -e
    ! ls /usr/lib/*/libatomic.so.1
    /w/node_modules/.bin/wherry run -d --name inner wherry/hello sleep 1000 2>/dev/null
    /w/node_modules/.bin/wherry exec inner echo from within
    /w/node_modules/.bin/wherry rm -f inner`;
  const result = await user.wherry(
    ['run', '--rm', '--privileged', '-v', mount, DEBIAN, 'bash', '-c', script],
    { timeoutMs: 120_000 },
  );
  expect(result.stdout, result.stderr).toMatch(/^[0-9a-f]{64}\nfrom within\ninner\n$/);
  expect(result.exitCode).toBe(0);
});

it.each([
  [
    'that is not its own, as after su',
    { HOME: '/root' },
    /\/root\/\.local\/share\/wherry .*permission denied/,
  ],
  ['that is too long', { HOME: `/tmp${'/long'.repeat(90)}` }, / too long: \d+ bytes/],
])('names a home directory %s', async (_, env, sentence) => {
  const result = await user.wherry(['ps'], { env: { ...env, WHERRY_ROOT: '' } });
  expect(result.stderr).toMatch(/^wherry: .*\n.*WHERRY_ROOT\.\n$/);
  expect(result.stderr).toMatch(sentence);
  expect(result.exitCode).toBe(1);
});

it('works in a directory whose name has whatever names may have', async () => {
  const root = path.join(user.root, `ä b'c"d$e:f,g=h\\i\n`);
  const env = { WHERRY_ROOT: root };
  const result = await user.wherry(['run', '--rm', '-v', 'data:/data', BUSYBOX, 'touch', '/data/x'], { env });
  expect(result).toMatchObject({ exitCode: 0, stdout: '' });
  expect((await user.wherry(['system', 'check'], { env })).stdout).toMatch(/nothing is wrong/);
});

it('says that a file would be larger than the user may write', async () => {
  const script = 'ulimit -f 3000; exec "$0" "$@"';
  const args = ['-c', script, user.program, 'pull', DEBIAN];
  const env = { WHERRY_ROOT: path.join(user.root, 'limited') };
  const result = await user.run('sh', args, { env });
  expect(result.stderr).toMatch(/^wherry: Writing .* beyond the size .*\n.*ulimit -f/m);
  expect(result.exitCode).toBe(1);
});

it('gets out of a disk that a container has filled', async () => {
  const small = path.join(user.home, `small-${process.pid}`);
  // In a mount namespace of the user's own. What is said on standard error is told by its line.
  const script = `mount -t tmpfs -o size=14m none "$1" && PATH=\${2%/*}:$PATH && exec 2>&1
    wherry run -d --name hog --network none ${BUSYBOX} sh -c 'until [ -e /go ]; do sleep 0.1; done; head -c 100m /dev/zero >/big; exit 7' >/dev/null
    wherry exec hog touch /go; wherry wait hog
    wherry ps -a --format '{{.Names}} {{.State}}'; wherry inspect -f '{{.State.ExitCode}}' hog
    wherry run --rm --network none ${BUSYBOX} true; echo $?
    wherry rm hog
    wherry run --rm --network none ${BUSYBOX} echo again
    ls "$1/reserve"`;
  mkdirSync(small);
  try {
    const args = ['-Urm', 'sh', '-c', script, 'sh', small, user.program];
    const { stdout } = await user.run('unshare', args, { env: { WHERRY_ROOT: small }, timeoutMs: 120_000 });
    expect(
      stdout.replace(
        /^(?!wherry:).*(Pull|Digest|Status|layer|Download|Checksum|No space left on device).*\n/gm,
        '',
      ),
    ).toMatch(/\n7\nhog exited\n7\nwherry: No space left .*\nRemove .*\n125\nhog\nagain\n.*\/reserve\n$/);
  } finally {
    rmdirSync(small);
  }
});
