import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asUser, type TestUser, USER_NAMES } from '../support/user.ts';

const BUSYBOX = 'localhost:5000/busybox';

describe.each(USER_NAMES)('cp as %s', (name) => {
  let user: TestUser;
  let place: string;
  beforeAll(async () => {
    user = asUser(name);
    place = `${user.root}-files`;
    const make = `mkdir -p ${place}/in/sub && cd ${place}/in && echo hello >f && ln -s f l && ln f h && chmod 750 f && head -c 300000 /dev/urandom >sub/big`;
    expect((await user.run('sh', ['-c', make])).exitCode).toBe(0);
    expect((await user.wherry(['pull', '-q', BUSYBOX])).exitCode).toBe(0);
    const run = ['run', '-d', '--name', 'box', '--network', 'none', '--tmpfs', '/memory', BUSYBOX];
    expect((await user.wherry([...run, 'sleep', '1000'])).exitCode).toBe(0);
  });
  afterAll(async () => {
    await user.run('rm', ['-rf', place]);
    await user.cleanup();
  });

  const inside = async (script: string): Promise<string> =>
    (await user.wherry(['exec', 'box', 'sh', '-c', script])).stdout;
  const same = async (one: string, two: string): Promise<void> => {
    expect(await user.run('diff', ['-r', one, two])).toMatchObject({ stdout: '', exitCode: 0 });
  };

  it('goes into a container that never ran, and out of one that has ended', async () => {
    await user.wherry(['create', '--name', 'still', '--network', 'none', BUSYBOX, 'cat', '/in/f']);
    expect(await user.wherry(['cp', `${place}/in`, 'still:/'])).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await user.wherry(['start', '-a', 'still'])).toMatchObject({ stdout: 'hello\n', exitCode: 0 });
    expect((await user.wherry(['cp', 'still:/in', `${place}/out`])).exitCode).toBe(0);
    await same(`${place}/in`, `${place}/out`);
    const owner = await user.run('stat', ['-c', '%u %a', `${place}/out/f`]);
    expect(owner.stdout).toBe(`${user.uid} 750\n`);
  });

  it('goes into a running one, and what is mounted there', async () => {
    expect((await user.wherry(['cp', `${place}/in`, 'box:/memory/'])).exitCode).toBe(0);
    expect(await inside('cat /memory/in/f; readlink /memory/in/l; stat -c "%u %h %a" /memory/in/f')).toBe(
      'hello\nf\n0 2 750\n',
    );
    expect((await user.wherry(['cp', 'box:/memory/in/sub/big', `${place}/big`])).exitCode).toBe(0);
    await same(`${place}/in/sub/big`, `${place}/big`);
  });

  it('puts contents with /. and names with a new name, as cp does', async () => {
    await user.wherry(['cp', `${place}/in/.`, 'box:/contents']);
    expect(await inside('ls /contents')).toBe('f\nh\nl\nsub\n');
    await user.wherry(['cp', `${place}/in/f`, 'box:/etc']);
    await user.wherry(['cp', `${place}/in/f`, 'box:/renamed']);
    expect(await inside('cat /etc/f /renamed')).toBe('hello\nhello\n');
    const missing = await user.wherry(['cp', `${place}/in/f`, 'box:/no/such/place']);
    expect(missing).toMatchObject({ exitCode: 1 });
    expect((await user.wherry(['cp', 'box:/nothing', place])).stderr).toMatch(
      /Could not find the file \/nothing/,
    );
  });

  it('streams archives both ways', async () => {
    const list = await user.run('sh', ['-c', `${user.program} cp box:/memory/in - | tar t | sort`]);
    expect(list.stdout).toBe('in/\nin/f\nin/h\nin/l\nin/sub/\nin/sub/big\n');
    const pack = `tar -C ${place} -c in | ${user.program} cp - box:/tmp`;
    expect((await user.run('sh', ['-c', pack])).exitCode).toBe(0);
    expect(await inside('cat /tmp/in/f')).toBe('hello\n');
  });

  it('never leads out of the container', async () => {
    await inside(`ln -s /../../../..${place} /escape; ln -s /etc/passwd /link; mkdir -p ${place}`);
    await user.wherry(['cp', `${place}/in/f`, 'box:/escape/planted']);
    expect((await user.run('ls', [place])).stdout).not.toContain('planted');
    expect(await inside(`cat ${place}/planted`)).toBe('hello\n');
    expect((await user.wherry(['cp', '-L', 'box:/link', `${place}/passwd`])).exitCode).toBe(0);
    expect((await user.run('cat', [`${place}/passwd`])).stdout).toBe(await inside('cat /etc/passwd'));
  });
});
