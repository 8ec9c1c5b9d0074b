import { chmodSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asUser, type TestUser, USER_NAMES } from '../support/user.ts';

const BUSYBOX = 'localhost:5000/busybox';
const LINES = 1_000_000;

describe.each(USER_NAMES)('the logs of containers of %s', (name) => {
  let user: TestUser;
  beforeAll(async () => {
    user = asUser(name);
    expect((await user.wherry(['pull', '-q', BUSYBOX])).exitCode).toBe(0);
  });
  afterAll(() => user.cleanup());

  const run = async (container: string, options: readonly string[], script: string) => {
    const words = ['run', '--name', container, '--network', 'none', ...options, BUSYBOX, 'sh', '-c', script];
    return user.wherry(words);
  };
  const logged = async (container: string, ...flags: string[]): Promise<string> => {
    const logs = await user.wherry(['logs', ...flags, container]);
    expect(logs.exitCode, logs.stderr).toBe(0);
    return logs.stdout;
  };
  const numbers = (from: number, to: number): string =>
    Array.from({ length: to - from + 1 }, (_, index) => `${from + index}\n`).join('');
  const directoryOf = (id: string): string => path.join(user.root, 'containers', id.trim());
  /** A socket that the user's monitors reach, and what came over it. */
  const listen = async (
    file: string,
    onConnection: (socket: Socket) => void,
  ): Promise<{ server: Server; address: string }> => {
    const address = path.join(user.runtimeDirectory, file);
    const server = createServer(onConnection);
    await new Promise<void>((resolve) => server.listen(address, resolve));
    chmodSync(address, 0o777);
    return { server, address };
  };

  describe.each(['json-file', 'k8s-file', 'local'])('by the driver %s', (driver) => {
    it('are read whole, in part, with times, while they grow, and by stream', async () => {
      const container = `read-${driver}`;
      const script = 'for i in $(seq 9); do echo $i; done; echo bad >&2; printf end';
      expect((await run(container, ['--log-driver', driver], script)).exitCode).toBe(0);
      expect(await logged(container)).toBe(`${numbers(1, 9)}end`);
      expect(await logged(container, '-f')).toBe(`${numbers(1, 9)}end`);
      expect((await user.wherry(['logs', container])).stderr).toBe('bad\n');
      expect(await logged(container, '--tail', '3')).toMatch(/^(9\n)?(8\n9\n)?end$/);
      const timed = await logged(container, '-t');
      expect(timed.split('\n')[0]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z 1$/);
      const [first = ''] = timed.split(' ');
      expect(await logged(container, '--until', '2001-01-01T00:00:00Z')).toBe('');
      expect(await logged(container, '--since', '2001-01-01T00:00:00Z')).toBe(`${numbers(1, 9)}end`);
      expect(await logged(container, '--since', first, '--tail', '100')).toContain('9\n');
    });

    it('hold long lines, bytes that are no text, and an end without a newline', async () => {
      const script = 'head -c 40000 /dev/zero | tr "\\0" x; printf "\\na\\000b\\377c\\n"; printf last';
      await run(`long-${driver}`, ['--log-driver', driver], script);
      expect(await logged(`long-${driver}`)).toBe(`${'x'.repeat(40_000)}\na\0b\uFFFDc\nlast`);
      expect(await logged(`long-${driver}`, '--tail', '2')).toBe('a\0b\uFFFDc\nlast');
    });

    it('are read through rotation and packing, and stay in their bounds', async () => {
      const container = `rotated-${driver}`;
      const pack = driver === 'k8s-file' ? 'false' : 'true';
      const options = ['max-size=100k', 'max-file=4', `compress=${pack}`].flatMap((o) => ['--log-opt', o]);
      const started = await run(container, ['-d', '--log-driver', driver, ...options], 'seq 100000');
      expect(started.exitCode, started.stderr).toBe(0);
      await user.wherry(['wait', container]);
      const files = readdirSync(directoryOf(started.stdout)).filter((file) => file.includes('.log'));
      const sizes = files.map((file) => statSync(path.join(directoryOf(started.stdout), file)).size);
      expect(files.length).toBe(4);
      expect(Math.max(...sizes)).toBeLessThan(101_000);
      const text = await logged(container);
      const first = Number(text.split('\n')[0]);
      expect(first).toBeGreaterThan(1);
      expect(text).toBe(numbers(first, 100_000));
      expect(await logged(container, '--tail', '5000')).toBe(numbers(Math.max(first, 95_001), 100_000));
    });
  });

  it.each(['json-file', 'local'])('are followed through rotation and packing by %s', async (driver) => {
    // Each turn fills the file several times over, and waits until the follower has seen it.
    const turn = 'for i in $(seq 20); do printf "$turn-$i "; head -c 900 /dev/zero | tr "\\0" x; echo; done';
    const script = `for turn in 1 2 3; do ${turn}; read answer; done; echo end`;
    const options = ['max-size=8k', 'max-file=6', 'compress=true'].flatMap((option) => ['--log-opt', option]);
    const started = await run(`followed-${driver}`, ['-d', '-i', '--log-driver', driver, ...options], script);
    expect(started.exitCode, started.stderr).toBe(0);
    const id = started.stdout.trim();
    const follower = user.startWherry(['logs', '-f', id]);
    const typist = user.startWherry(['attach', id]);
    for (const number of [1, 2, 3]) {
      await follower.waitFor(new RegExp(`^${number}-20 x{900}$`, 'm'));
      typist.write('\n');
    }
    const { stdout } = await follower.result;
    const seen = stdout.split('\n').map((line) => line.split(' ')[0]);
    const wanted = [1, 2, 3].flatMap((number) => Array.from({ length: 20 }, (_, i) => `${number}-${i + 1}`));
    expect(seen).toEqual([...wanted, 'end', '']);
    expect(readdirSync(directoryOf(id)).filter((file) => file.endsWith('.gz')).length).toBeGreaterThan(2);
    await typist.result;
  });

  it('are followed by several through restarts, and are empty before the first start', async () => {
    const run = ['--name', 'turns', '--network', 'none', '--restart', 'on-failure:2', BUSYBOX];
    expect((await user.wherry(['create', ...run, 'sh', '-c', 'echo turn; exit 3'])).exitCode).toBe(0);
    expect(await logged('turns')).toBe('');
    expect(await logged('turns', '-f')).toBe('');
    await user.wherry(['start', 'turns']);
    const followers = [1, 2].map(() => user.startWherry(['logs', '-f', 'turns']));
    for (const follower of followers) expect((await follower.result).stdout).toBe('turn\n'.repeat(3));
    const { stdout } = await user.wherry(['inspect', '-f', '{{.RestartCount}} {{.State.ExitCode}}', 'turns']);
    expect(stdout).toBe('2 3\n');
  });

  it('keep a million lines, and give them back without a loss', async () => {
    const started = await run('million', ['-d'], `seq ${LINES}`);
    expect(started.exitCode, started.stderr).toBe(0);
    await user.wherry(['wait', 'million']);
    expect((await logged('million')) === numbers(1, LINES)).toBe(true);
  });

  it('carry what was chosen of labels and environment', async () => {
    const chosen = ['labels=tier', 'env=STAGE', 'tag={{.Name}}'].flatMap((option) => ['--log-opt', option]);
    await run('detailed', ['-l', 'tier=front', '-e', 'STAGE=test', ...chosen], 'echo hello');
    expect(await logged('detailed', '--details')).toBe('STAGE=test,tag=detailed,tier=front hello\n');
  });

  it('are not read back from a driver that sends them away', async () => {
    await run('none', ['--log-driver', 'none'], 'echo hello');
    const logs = await user.wherry(['logs', 'none']);
    expect(logs.exitCode).toBe(1);
    expect(logs.stderr).toMatch(/configured logging driver does not support reading/);
  });

  it('reach a syslog server line by line', async () => {
    let received = '';
    const { server, address } = await listen('syslog', (socket) =>
      socket.on('data', (bytes) => {
        received += bytes.toString();
      }),
    );
    const options = [`syslog-address=unix://${address}`, 'syslog-format=rfc5424', 'tag={{.Name}}'];
    const words = ['--log-driver', 'syslog', ...options.flatMap((option) => ['--log-opt', option])];
    expect((await run('syslogged', words, 'seq 2000; echo bad >&2')).exitCode).toBe(0);
    // What has been sent may not have been read here yet.
    await expect.poll(() => received.split('\n').length).toBe(2002);
    server.close();
    const messages = received.trimEnd().split('\n');
    const outputs = messages.filter((line) => line.startsWith('<30>1 '));
    expect(outputs.map((line) => `${line.split(' - ')[1]}\n`).join('')).toBe(numbers(1, 2000));
    expect(
      messages.filter((line) => /^<27>1 \S+ \S+ syslogged \d+ syslogged - bad$/.test(line)),
    ).toHaveLength(1);
  });

  it('that nobody takes keep a container from starting, and say so', async () => {
    const refused = await run(
      'alone',
      ['--log-driver', 'fluentd', '--log-opt', 'fluentd-address=unix:///nowhere'],
      ':',
    );
    expect(refused.exitCode).toBe(125);
    expect(refused.stderr).toMatch(/\/nowhere/);
    const later = ['fluentd-address=unix:///nowhere', 'fluentd-async=1'];
    const words = ['--rm', '--log-driver', 'fluentd', ...later.flatMap((option) => ['--log-opt', option])];
    expect(await run('later', words, ':')).toMatchObject({ exitCode: 0, stderr: '' });
    const tls = await run(
      'tls',
      ['--log-driver', 'syslog', '--log-opt', 'syslog-address=tcp+tls://127.0.0.1:1'],
      ':',
    );
    expect(tls.exitCode).toBe(125);
    expect(tls.stderr).toMatch(/doesn't reach tls:127\.0\.0\.1:1: .*ECONNREFUSED/);
  });

  it('never hold a container up past the buffer when they may be dropped, and what is dropped is counted', async () => {
    const { server, address } = await listen('stalled', (socket) => {
      // A client that is reset at the end is what this test makes of it.
      socket.on('error', () => undefined);
      socket.pause();
    });
    const options = [`fluentd-address=unix://${address}`, 'mode=non-blocking', 'max-buffer-size=64k'];
    const words = ['-d', '--log-driver', 'fluentd', ...options.flatMap((option) => ['--log-opt', option])];
    const started = await run('stalled', words, 'seq 200000');
    expect(started.exitCode, started.stderr).toBe(0);
    expect((await user.wherry(['wait', 'stalled'])).stdout).toBe('0\n');
    const [, dropped = '0'] = readFileSync(path.join(directoryOf(started.stdout), 'log-error'), 'utf8').split(
      ' ',
    );
    expect(Number(dropped)).toBeGreaterThan(500_000);
    server.close();
    rmSync(address, { force: true });
  });

  it('in blocking mode wait for who is slow, and lose nothing', async () => {
    let received = 0;
    const connected = Promise.withResolvers<Socket>();
    const { server, address } = await listen('slow', (socket) => {
      connected.resolve(socket);
      socket.on('data', (bytes) => {
        received += bytes.toString('latin1').split('\xa3log').length - 1;
      });
      socket.pause();
    });
    const words = ['-d', '--log-driver', 'fluentd', '--log-opt', `fluentd-address=unix://${address}`];
    const started = await run('slow', words, 'seq 100000');
    expect(started.exitCode, started.stderr).toBe(0);
    (await connected.promise).resume();
    expect((await user.wherry(['wait', 'slow'])).stdout).toBe('0\n');
    expect(readdirSync(directoryOf(started.stdout))).not.toContain('log-error');
    // A mark that two reads have between them is seen in neither.
    await expect.poll(() => received).toBeGreaterThan(99_900);
    server.close();
  });
});
