import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FaultyRegistry } from '../support/faulty-registry.ts';
import { ImageStore, layer, sha256 } from '../support/image-store.ts';
import { tar } from '../support/tar.ts';
import { asUser, type TestUser, USER_NAMES } from '../support/user.ts';

const BUSYBOX = 'localhost:5000/busybox';

describe.each(USER_NAMES)('compressed layers of %s', (name) => {
  let user: TestUser;
  const ok = async (...words: string[]): Promise<string> => {
    const result = await user.wherry(words);
    expect(result.exitCode, `${words.join(' ')}\n${result.stderr}`).toBe(0);
    return result.stdout;
  };
  const drop = () => ok('image', 'prune', '--cache', '-f');
  beforeAll(async () => {
    user = asUser(name);
    await ok('pull', '-q', BUSYBOX);
  });
  afterAll(() => user.cleanup());

  it('are given up on demand, and fetched again for another storage driver, a push and a save', async () => {
    const asked = await user.wherry(['image', 'prune', '--cache'], { input: 'n\n' });
    expect(asked.stdout).toContain('This will remove all compressed layers that can be pulled again.');
    expect(await drop()).toMatch(
      /^Deleted blobs:\nsha256:[0-9a-f]{64}\n\nTotal reclaimed space: [\d.]+[kM]B\n$/,
    );
    expect(await drop()).toBe('Total reclaimed space: 0B\n');
    const run = (...flags: string[]) =>
      ok('run', '--rm', '--network', 'none', ...flags, BUSYBOX, 'echo', 'fine');
    expect(await run()).toBe('fine\n');
    expect(await drop()).toBe('Total reclaimed space: 0B\n');
    expect(await run('--storage-driver', 'vfs')).toBe('fine\n');
    expect(await drop()).toContain('sha256:');
    const target = `localhost:5000/cache-${randomBytes(4).toString('hex')}:1`;
    await ok('tag', BUSYBOX, target);
    expect(await ok('push', target)).toContain('1: digest: sha256:');
    expect(await drop()).toContain('sha256:');
    await ok('save', '-o', `${user.root}/saved.tar`, BUSYBOX);
    await ok('rmi', '-f', BUSYBOX, target);
    expect(await ok('load', '-i', `${user.root}/saved.tar`)).toBe(`Loaded image: ${BUSYBOX}:latest\n`);
    expect(await run()).toBe('fine\n');
    // It came from an archive, so nobody else has it.
    expect(await drop()).toBe('Total reclaimed space: 0B\n');
    expect((await user.wherry(['image', 'prune', '--cache', '-a'])).exitCode).toBe(1);
  });

  it('go on where a pull was killed, and are given up by a prune when nobody wants them', async () => {
    const large = layer(tar([{ name: 'large', body: randomBytes(12 << 20) }]), 'none');
    const digits = sha256(large.blob).slice('sha256:'.length);
    const store = new ImageStore();
    store.tag('latest', store.addImage({ layers: [large] }));
    await using registry = await FaultyRegistry.start({
      images: { large: store },
      rules: [{ on: new RegExp(digits), kind: 'stall', after: 8 << 20 }],
      ranges: true,
    });
    const reference = `${registry.host}/large`;
    const partial = `${user.root}/partial`;
    const begun = () => Number(execFileSync('du', ['-sbS', partial], { encoding: 'utf8' }).split('\t')[0]);
    const killed = async () => {
      const pull = user.startWherry(['pull', '-q', reference]);
      await expect.poll(() => existsSync(partial) && begun(), { timeout: 60_000 }).toBeGreaterThan(6 << 20);
      pull.killGroup('SIGKILL');
      await pull.result;
    };
    await killed();
    // A size that is rounded to a whole number has no point.
    expect(await ok('image', 'prune', '-f')).toMatch(/^Total reclaimed space: [678](\.\d+)?MB\n$/);
    expect(readdirSync(partial)).toEqual([]);
    await killed();
    registry.release();
    await ok('pull', '-q', reference);
    const ranges = registry.requests
      .filter(({ path }) => path.includes(digits))
      .map(({ headers }) => headers.range);
    expect(ranges).toEqual([undefined, undefined, expect.stringMatching(/^bytes=[678]\d{6}-$/)]);
    expect(await ok('system', 'check')).toContain('nothing is wrong');
    expect(readdirSync(partial)).toEqual([]);
    await ok('rmi', reference);
  });
});
