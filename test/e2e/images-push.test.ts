import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asUser, type TestUser, USER_NAMES } from '../support/user.ts';

const BUSYBOX = 'localhost:5000/busybox';

describe.each(USER_NAMES)('images pushed by %s', (name) => {
  let user: TestUser;
  const target = `localhost:5000/pushed-${randomBytes(4).toString('hex')}`;
  beforeAll(async () => {
    user = asUser(name);
    expect((await user.wherry(['pull', '-q', BUSYBOX])).exitCode).toBe(0);
  });
  afterAll(() => user.cleanup());

  it('are byte-identical, and mounted from where the registry has them', async () => {
    await user.wherry(['tag', BUSYBOX, `${target}:1`]);
    const pushed = await user.wherry(['push', `${target}:1`]);
    expect(pushed.exitCode, pushed.stderr).toBe(0);
    expect(pushed.stdout).toMatch(/^The push refers to repository \[localhost:5000\/pushed-/);
    expect(pushed.stdout).toContain(': Mounted from');
    const digest = /^1: digest: (sha256:[0-9a-f]{64}) size: \d+$/m.exec(pushed.stdout)?.[1];
    const inspect = `skopeo inspect --tls-verify=false --raw docker://${target}:1 | sha256sum`;
    const raw = await user.run('sh', ['-c', inspect]);
    expect(`sha256:${raw.stdout.slice(0, 64)}`).toBe(digest);
    const again = await user.wherry(['image', 'push', `${target}:1`]);
    expect(again.stdout).toContain(': Layer already exists');
    expect((await user.wherry(['push', '-q', `${target}:1`])).stdout).toBe(`${digest}\n`);
  });

  it('of its own making can be pulled again', async () => {
    const run = ['run', '--network', 'none', '--name', 'maker', BUSYBOX];
    await user.wherry([...run, 'sh', '-c', 'head -c 3000000 /dev/urandom >/x; sha256sum /x']);
    expect((await user.wherry(['commit', 'maker', `${target}:own`])).exitCode).toBe(0);
    const sum = (await user.wherry(['logs', 'maker'])).stdout;
    const pushed = await user.wherry(['push', '-a', target]);
    expect(pushed.exitCode, pushed.stderr).toBe(0);
    expect(pushed.stdout).toContain(': Pushed\n');
    await user.wherry(['rm', 'maker']);
    expect((await user.wherry(['rmi', `${target}:own`])).exitCode).toBe(0);
    const back = await user.wherry(['run', '--rm', '--network', 'none', `${target}:own`, 'sha256sum', '/x']);
    expect(back.stdout).toBe(sum);
  });

  it('are refused when there is no such name', async () => {
    const refused = await user.wherry(['push', `${target}:none`]);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain('tag does not exist');
  });
});
