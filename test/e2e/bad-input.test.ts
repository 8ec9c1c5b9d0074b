import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixture } from '../fixtures/catalogue.ts';
import {
  climbingLayers,
  ESCAPED_NAME,
  imageOf,
  truncatedGzip,
  wrongDiffId,
} from '../support/broken-images.ts';
import { FaultyRegistry, type Rule } from '../support/faulty-registry.ts';
import type { ImageStore } from '../support/image-store.ts';
import { asUser, type TestUser } from '../support/user.ts';

const BUSYBOX = 'localhost:5000/busybox';
let user: TestUser;
let busybox: ImageStore;

beforeAll(async () => {
  user = asUser('wuser');
  busybox = await fixture('busybox');
});
afterAll(() => user.cleanup());

/** One sentence with its hint and no trace, and nothing left: no image, no container, no half file. */
async function expectRefused(args: string[], exitCode: number, sentence: RegExp): Promise<void> {
  const result = await user.wherry(args, { timeoutMs: 120_000 });
  expect(result.stderr).toMatch(sentence);
  expect(result.exitCode).toBe(exitCode);
  expect(result.stderr).toMatch(/^wherry: .+/m);
  expect(result.stderr).not.toMatch(/\n {4}at |defect|Error:/);
  expect((await user.wherry(['ps', '-aq'])).stdout).toBe('');
  const temporary = path.join(user.root, 'tmp');
  expect(user.leftovers().files.filter((file) => file.startsWith(`${temporary}/`))).toEqual([]);
}

describe('references', () => {
  it.each(['UPPER/case', 'a b', 'busybox:', 'x@sha256:12', '-leading', 'a//b'])(
    '%s is not one',
    async (reference) => {
      await expectRefused(['run', '--rm', '--', reference], 125, /invalid reference/i);
    },
  );

  it.each([
    ['an image that is not there', 'localhost:5000/no-such-image'],
    ['a tag that is not there', 'localhost:5000/busybox:no-such-tag'],
  ])('%s', async (_, reference) => {
    await expectRefused(['pull', reference], 1, /not found|no such|unknown/i);
    await expectRefused(['run', '--rm', reference], 125, /not found|no such|unknown/i);
  });

  it('a registry that is down', async () => {
    await expectRefused(['pull', 'localhost:1/busybox'], 1, /localhost:1/);
  });
});

describe('a faulty registry', () => {
  const refused = async (rules: readonly Rule[], images: ImageStore, sentence: RegExp): Promise<void> => {
    await using registry = await FaultyRegistry.start({ images: { x: images }, rules });
    await expectRefused(['pull', `${registry.host}/x`], 1, sentence);
    await expectRefused(['run', '--rm', `${registry.host}/x`, 'true'], 125, sentence);
    expect((await user.wherry(['images', '-q'])).stdout).toBe('');
  };

  it('answers garbage', async () => {
    await refused([{ on: 'manifest', kind: 'answer', status: 200, body: 'what?' }], busybox, /manifest/i);
  });
  it('cuts every connection in the middle of a layer', async () => {
    await refused([{ on: 'blob', kind: 'cut', after: 1000 }], busybox, /connection|cut|ended|closed/i);
  });
  it('sends a layer with another digest', async () => {
    await refused([{ on: 'blob', kind: 'corrupt' }], busybox, /digest/i);
  });
  it('asks for authentication for ever', async () => {
    await refused(
      [{ on: 'manifest', kind: 'answer', status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } }],
      busybox,
      /log ?in|auth|denied/i,
    );
  });
  it('has a layer whose gzip ends early', async () => {
    await refused([], truncatedGzip(), /truncated|ends early|unexpected end|incomplete/i);
  });
  it('has a layer that is not what the config says', async () => {
    await refused([], wrongDiffId(), /digest|diff/i);
  });

  it('mends itself: a cut connection is resumed, a 500 tried again', async () => {
    await using registry = await FaultyRegistry.start({
      images: { x: busybox },
      rules: [
        { on: 'blob', kind: 'cut', after: 5000, times: 1 },
        { on: 'manifest', kind: 'answer', status: 500, times: 1 },
      ],
    });
    const run = await user.wherry(['run', '--rm', '--network', 'none', `${registry.host}/x`, 'echo', 'fine']);
    expect(run).toMatchObject({ stdout: 'fine\n', exitCode: 0 });
    await user.wherry(['rmi', '-f', `${registry.host}/x`]);
  });
});

describe('layers that climb out', () => {
  const outside = () => path.join(user.home, 'outside');
  beforeAll(async () => {
    await user.run('mkdir', ['-p', outside()]);
    await user.run('touch', [path.join(outside(), 'victim')]);
  });
  afterAll(() => user.run('rm', ['-rf', outside()]));

  it.each(Object.keys(climbingLayers('/x')))('%s', async (trick) => {
    const layers = climbingLayers(outside())[trick] ?? [];
    await using registry = await FaultyRegistry.start({ images: { x: imageOf(layers) } });
    const pull = await user.wherry(['pull', `${registry.host}/x`]);
    expect([0, 1], pull.stderr).toContain(pull.exitCode);
    if (pull.exitCode !== 0) expect(pull.stderr).toMatch(/^wherry: .+/m);
    expect(readdirSync(outside())).toEqual(['victim']);
    const escaped = await user.run('find', [
      '/tmp',
      user.home,
      '-xdev',
      '-name',
      ESCAPED_NAME,
      '-not',
      '-path',
      `${user.root}/storage/*`,
    ]);
    expect(escaped.stdout).toBe('');
    await user.wherry(['rmi', '-f', `${registry.host}/x`]);
  });
});

describe('containers', () => {
  beforeAll(async () => {
    expect((await user.wherry(['pull', '-q', BUSYBOX])).exitCode).toBe(0);
  });
  const run = (...args: string[]) => ['run', '--rm', '--network', 'none', ...args];

  it('a command that is not there', async () => {
    await expectRefused(run(BUSYBOX, 'frobnicate'), 127, /frobnicate.*not found/);
  });
  it('a file that is no program', async () => {
    await expectRefused(run(BUSYBOX, '/etc/passwd'), 126, /permission denied/i);
  });
  it('a user whom the image does not have', async () => {
    await expectRefused(run('-u', 'nemo', BUSYBOX, 'true'), 125, /nemo/);
  });
  it('an unknown flag', async () => {
    await expectRefused(run('--frobnicate', BUSYBOX, 'true'), 125, /unknown flag: --frobnicate/);
  });
  it('an unknown command', async () => {
    await expectRefused(['rnu'], 1, /rnu/);
  });
  it('an unknown network, driver and log driver', async () => {
    await expectRefused(['run', '--network', 'moon', BUSYBOX, 'true'], 125, /moon/);
    await expectRefused(run('--storage-driver', 'moon', BUSYBOX, 'true'), 125, /moon/);
    await expectRefused(run('--log-driver', 'moon', BUSYBOX, 'true'), 125, /moon/);
    await expectRefused(run('--log-opt', 'moon=1', BUSYBOX, 'true'), 125, /moon/);
  });
  it('a volume that is no path', async () => {
    await expectRefused(run('-v', 'a/b:/x', BUSYBOX, 'true'), 125, /a\/b/);
    await expectRefused(run('-v', '/tmp:relative', BUSYBOX, 'true'), 125, /relative/);
  });
  it('a container that is not there', async () => {
    for (const command of ['stop', 'rm', 'logs', 'kill', 'wait']) {
      await expectRefused([command, 'nobody'], 1, /no such container: nobody/i);
    }
  });
});

describe('the machine', () => {
  it('a kernel with user namespaces off', async () => {
    const limited = 'echo 0 > /proc/sys/user/max_user_namespaces; exec "$@"';
    const off = await user.run('unshare', [
      '-Ur',
      'sh',
      '-c',
      limited,
      'sh',
      user.program,
      ...['run', '--rm', '--network', 'none', BUSYBOX, 'true'],
    ]);
    expect(off.exitCode).toBe(125);
    expect(off.stderr).toMatch(/user namespaces/);
    expect(off.stderr).toMatch(/max_user_namespaces/);
  });

  it('a disk that fills up', async () => {
    // A small tmpfs stands for the disk, in a mount namespace of the user's own.
    const script = `mount -t tmpfs -o size=40m none "$1" && shift && exec "$@"`;
    const small = path.join(user.home, 'small');
    mkdirSync(small, { recursive: true });
    const full = await user.run(
      'unshare',
      ['-Urm', 'sh', '-c', script, 'sh', small, user.program, 'pull', 'localhost:5000/debian:bookworm'],
      { env: { WHERRY_ROOT: small }, timeoutMs: 120_000 },
    );
    expect(full.exitCode).toBe(1);
    expect(full.stderr).toMatch(/no space|disk is full/i);
    await user.run('rmdir', [small]);
  });
});
