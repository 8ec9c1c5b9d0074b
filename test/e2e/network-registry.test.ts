import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isUp } from '../machine/registry.ts';
import { REGISTRY_CHANGES, withRegistryTar } from '../support/registry-image.ts';
import { asUser, type TestUser, USER_NAMES } from '../support/user.ts';

describe.each(USER_NAMES)('a registry as a container of %s', (name) => {
  let user: TestUser;
  const must = async (...args: string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await user.wherry(args);
    expect(exitCode, `wherry ${args.join(' ')}: ${stderr}`).toBe(0);
    return stdout;
  };
  beforeAll(() => {
    user = asUser(name);
  });
  afterAll(() => user.cleanup());

  it('is pushed to, pulled from, and run from', async () => {
    await withRegistryTar((tar) => must('import', ...REGISTRY_CHANGES, tar, 'registry:2'));
    await must('pull', '-q', 'localhost:5000/busybox');
    await must('run', '-d', '-p', '5000', '--name', 'registry', 'registry:2');
    const port = /0\.0\.0\.0:(\d+)/.exec(await must('port', 'registry', '5000'))?.[1];
    const place = `localhost:${port}`;
    await expect.poll(() => isUp(place)).toBe(true);
    const image = `${place}/mine/busybox:1`;
    await must('tag', 'localhost:5000/busybox', image);
    expect(await must('push', image)).toMatch(/1: digest: sha256:[0-9a-f]{64} size: \d+/);
    await must('rmi', image, 'localhost:5000/busybox');
    expect(await must('images', '-q', image)).toBe('');
    expect(await must('pull', image)).toMatch(/Status: Downloaded newer image/);
    expect(await must('run', '--rm', image, 'echo', 'from there')).toBe('from there\n');
    // What it keeps is in its volume, for as long as it has that.
    await must('restart', '-t', '5', 'registry');
    const moved = `localhost:${/0\.0\.0\.0:(\d+)/.exec(await must('port', 'registry', '5000'))?.[1]}`;
    await expect.poll(() => isUp(moved)).toBe(true);
    await must('rmi', image);
    await must('pull', '-q', `${moved}/mine/busybox:1`);
    await must('rm', '-f', '-v', 'registry');
    expect(await isUp(moved)).toBe(false);
  });
});
