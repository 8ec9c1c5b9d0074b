import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asUser, type TestUser, USER_NAMES } from '../support/user.ts';

const BUSYBOX = 'localhost:5000/busybox';
const FEATURES = 'localhost:5000/features';

describe.each(USER_NAMES)('the state of %s', (name) => {
  let user: TestUser;
  const ok = async (...words: string[]): Promise<string> => {
    const result = await user.wherry(words);
    expect(result.exitCode, `${words.join(' ')}\n${result.stdout}${result.stderr}`).toBe(0);
    return result.stdout;
  };
  const sh = async (script: string): Promise<string> => {
    const result = await user.run('sh', ['-ec', script], { cwd: user.root });
    expect(result.exitCode, `${script}\n${result.stderr}`).toBe(0);
    return result.stdout.trim();
  };
  beforeAll(async () => {
    user = asUser(name);
    await ok('pull', '-q', BUSYBOX);
    await ok('pull', '-q', FEATURES);
  });
  afterAll(() => user.cleanup());

  it('is sound with images of every feature, on both drivers, and with containers', async () => {
    await ok('run', '--rm', BUSYBOX, 'true');
    await ok('run', '--network', 'none', '--name', 'ended', '-v', 'data:/data', BUSYBOX, 'touch', '/x');
    await ok('run', '-d', '--network', 'none', '--name', 'runs', BUSYBOX, 'sleep', '1000');
    const vfs = ['--storage-driver', 'vfs', '--entrypoint', 'true'];
    await ok('run', '--network', 'none', '--name', 'copied', ...vfs, FEATURES);
    expect(await ok('system', 'check', '--repair')).toMatch(
      /^2 images, \d+ blobs, \d+ layers, 3 containers, 2 volumes: nothing is wrong\.\n$/,
    );
  });

  it('is found damaged, told in sentences, and mended', async () => {
    // What has many layers to be looked at has been.
    await ok('rm', 'copied');
    await ok('rmi', FEATURES);
    const driver = 'storage/overlay';
    const program = await sh(`find ${driver} -path '*/diff/bin/busybox' -size +1k | head -n 1`);
    const blob = await sh('ls -S images/blobs/sha256 | head -n 1');
    await sh(`rm images/blobs/sha256/${blob}; echo more >> ${program}`);
    const quick = await user.wherry(['system', 'check', '-q']);
    expect(quick.stdout.split('\n')).toEqual([
      expect.stringMatching(new RegExp(`^The layer sha256:${blob} of image .* is missing\\.$`)),
      expect.stringMatching(/: 1 fault\.$/),
      '',
    ]);
    expect(quick.exitCode).toBe(1);
    const refused = await user.wherry(['system', 'check', '--repair']);
    expect(refused.stdout).toMatch(
      / has another size of bin\/\S+\. It can not be mended: The container runs, which runs, has it mounted\.\n/,
    );
    expect(refused.exitCode).toBe(1);
    await ok('rm', '-f', 'runs');
    const report = JSON.parse(await ok('system', 'check', '--repair', '--format', 'json')) as {
      faults: { kind: string; mended: boolean; outcome: string }[];
    };
    expect(report.faults).toMatchObject([
      { kind: 'layer', mended: true, outcome: 'It has been unpacked again.' },
    ]);
    expect(await ok('system', 'check')).toContain('nothing is wrong');
    expect(await ok('run', '--rm', '--network', 'none', BUSYBOX, 'echo', 'works')).toBe('works\n');
    await ok('rm', 'ended');
    await ok('rmi', BUSYBOX);
    expect(await ok('system', 'check')).toContain('0 images, 0 blobs, 0 layers, 0 containers, 2 volumes');
  });
});
