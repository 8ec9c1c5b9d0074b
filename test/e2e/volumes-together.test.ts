import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asUser, type TestUser, USER_NAMES } from '../support/user.ts';

const BUSYBOX = 'localhost:5000/busybox';
const DEBIAN = 'localhost:5000/debian:bookworm';
/** 1,800 files: enough to be killed amidst them. */
const FILLED = '/usr/lib';
const COUNT = `find ${FILLED} | sort | sha256sum`;

describe.each(USER_NAMES)('volumes under several hands as %s', (name) => {
  let user: TestUser;
  beforeAll(async () => {
    user = asUser(name);
    for (const image of [BUSYBOX, DEBIAN]) {
      const pull = await user.wherry(['pull', '-q', image]);
      expect(pull.exitCode, pull.stderr).toBe(0);
    }
  });
  afterAll(() => user.cleanup());

  const output = async (...args: string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await user.wherry(args, { timeoutMs: 100_000 });
    expect({ exitCode, stderr }, args.join(' ')).toEqual({ exitCode: 0, stderr: '' });
    return stdout;
  };

  it('kill -9 in the midst of a run that fills a volume: the next one finds all of it', async () => {
    const whole = await output('run', '--rm', DEBIAN, 'sh', '-c', COUNT);
    const fill = ['run', '--name', 'victim', '-v', `filled:${FILLED}`, DEBIAN, 'true'];
    const settle = async () => {
      await user.wherry(['rm', '-fv', 'victim']);
      await output('volume', 'rm', 'filled');
    };
    await settle().catch(() => undefined);
    const began = performance.now();
    await output(...fill);
    // How long it takes on this machine now.
    const span = performance.now() - began;
    await settle();
    const statuses: number[] = [];
    for (const part of [0.3, 0.5, 0.7, 0.9]) {
      const run = user.startWherry(fill);
      await delay(span * part);
      for (const pid of user.processes()) kill(pid);
      statuses.push((await run.result).exitCode);
      expect(await output('run', '--rm', '-v', `filled:${FILLED}`, DEBIAN, 'sh', '-c', COUNT)).toBe(whole);
      await settle();
    }
    expect(statuses).toContain(137);
  });

  it('containers that begin a volume at once all find it filled', async () => {
    const numbers = [1, 2, 3, 4, 5, 6];
    const script = (number: number) => `grep -c root: /etc/passwd; echo ${number} >/etc/own-${number}`;
    const outputs = await Promise.all(
      numbers.map((number) =>
        output('run', '--rm', '-v', 'shared:/etc', BUSYBOX, 'sh', '-c', script(number)),
      ),
    );
    expect(outputs).toEqual(numbers.map(() => '1\n'));
    const seen = await output('run', '--rm', '-v', 'shared:/x', BUSYBOX, 'sh', '-c', 'cat /x/own-*');
    expect(seen).toBe(numbers.map((number) => `${number}\n`).join(''));
    await output('volume', 'rm', 'shared');
  });

  it('no volume in use is lost to a prune, however the commands meet', async () => {
    const numbers = [1, 2, 3, 4];
    const keep = async (number: number): Promise<void> => {
      await output(
        'create',
        '-v',
        `kept${number}:/d`,
        '-v',
        '/anonymous',
        '--name',
        `keeper${number}`,
        BUSYBOX,
      );
      const from = ['run', '--rm', '--volumes-from', `keeper${number}`, BUSYBOX, 'sh', '-c'];
      await output(...from, `echo ${number} >/d/f; echo ${number} >/anonymous/f`);
      await output('volume', 'create', `loose${number}`);
      expect(await output(...from, 'cat /d/f /anonymous/f')).toBe(`${number}\n${number}\n`);
    };
    let over = false;
    const prune = async (): Promise<void> => {
      while (!over) await output('volume', 'prune', '-a', '-f');
    };
    const pruning = Promise.all([prune(), prune()]);
    try {
      await Promise.all(numbers.map(keep));
    } finally {
      over = true;
      await pruning;
    }
    await output('volume', 'prune', '-a', '-f');
    const left = (await output('volume', 'ls', '-q')).trim().split('\n');
    expect(left.filter((each) => each.startsWith('kept')).length).toBe(numbers.length);
    expect(left.length).toBe(2 * numbers.length);
    await output('rm', '-v', ...numbers.map((number) => `keeper${number}`));
  });
});

/** One that has ended meanwhile needs no end. */
function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
