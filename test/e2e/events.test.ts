import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { asUser, type TestUser, USER_NAMES } from '../support/user.ts';

const BUSYBOX = 'localhost:5000/busybox';
const LOOP = 'trap "exit 0" TERM; while true; do sleep 0.1; done';

describe.each(USER_NAMES)('events of %s', (name) => {
  let user: TestUser;
  beforeAll(async () => {
    user = asUser(name);
    expect((await user.wherry(['pull', '-q', BUSYBOX])).exitCode).toBe(0);
  });
  afterAll(() => user.cleanup());
  let since = '0';
  beforeEach(() => {
    since = String(Date.now() / 1000);
  });

  /** What has happened in this test so far, as `TYPE ACTION` and the attributes that are asked for. */
  const history = async (filter: string, format = '{{.Type}} {{.Action}}'): Promise<string[]> => {
    const until = String((Date.now() + 1) / 1000);
    const all = ['events', '--since', since, '--until', until, '--filter', filter, '--format', format];
    return (await user.wherry(all)).stdout.trimEnd().split('\n');
  };

  it('tell the life of a container in order, live and afterwards', async () => {
    const live = user.startWherry(['events']);
    // It begins some time after the command has been started: an event tells that it has.
    for (let number = 0; !/volume create/.test(live.stdout); number++) {
      await user.wherry(['volume', 'create', `probe${number}`]);
    }
    const run = [
      'run',
      '-d',
      '--name',
      'box',
      '-l',
      'colour=blue',
      '-v',
      'data:/data',
      BUSYBOX,
      'sh',
      '-c',
      LOOP,
    ];
    expect((await user.wherry(run)).exitCode).toBe(0);
    expect((await user.wherry(['exec', 'box', 'sh', '-c', 'exit 4'])).exitCode).toBe(4);
    expect((await user.wherry(['rename', 'box', 'box2'])).exitCode).toBe(0);
    expect((await user.wherry(['stop', 'box2'])).exitCode).toBe(0);
    expect((await user.wherry(['rm', 'box2'])).exitCode).toBe(0);
    await live.waitFor(/container destroy/);
    live.kill('SIGINT');
    expect(await live.result).toMatchObject({ exitCode: 130, stderr: '' });
    const own = [
      'create',
      'start',
      'exec_create: sh -c exit 4',
      'exec_start: sh -c exit 4',
      'exec_die',
      'rename',
      'kill',
      'die',
      'stop',
      'destroy',
    ];
    const line = /^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{9}(?:Z|[+-]\d\d:\d\d) container (.*) [0-9a-f]{64} \((.*)\)$/;
    const lines = live.stdout.split('\n').filter((each) => / container /.test(each));
    expect(lines.map((each) => line.exec(each)?.[1])).toEqual(own);
    expect(lines[0]).toContain(`(colour=blue, image=${BUSYBOX}, name=box)`);
    expect(lines.find((each) => / die /.test(each))).toMatch(/execDuration=\d+, exitCode=0,/);
    const seen = await history('label=colour=blue', '{{.Action}}');
    expect(seen).toEqual(own);
    const others = await history('type=volume', '{{.Actor.ID}} {{.Action}}');
    expect(others.filter((each) => each.startsWith('data'))).toEqual([
      'data create',
      'data mount',
      'data unmount',
    ]);
    const network = await history('type=network', '{{.Action}} {{.Actor.Attributes.name}}');
    expect(network).toEqual(['connect bridge', 'disconnect bridge']);
  });

  it('are kept of what nobody saw: restarts, and containers with --rm', async () => {
    const run = ['run', '--name', 'brief', '--restart', 'on-failure:2', '--network', 'none', BUSYBOX];
    expect((await user.wherry([...run, 'sh', '-c', 'exit 3'])).exitCode).toBe(3);
    const rm = ['run', '--rm', '--name', 'gone', '--network', 'none', BUSYBOX, 'true'];
    expect((await user.wherry(rm)).exitCode).toBe(0);
    const turns = ['start', 'die', 'start', 'die', 'start', 'die'];
    expect(await history('container=brief', '{{.Action}}')).toEqual(['create', 'attach', ...turns]);
    await expect
      .poll(() => history('container=gone', '{{.Action}} {{.From}}'))
      .toEqual(['create', 'attach', 'start', 'die', 'destroy'].map((each) => `${each} ${BUSYBOX}`));
    const [json = ''] = await history('container=gone', 'json');
    expect(JSON.parse(json)).toMatchObject({
      status: 'create',
      from: BUSYBOX,
      Type: 'container',
      Action: 'create',
      Actor: { Attributes: { name: 'gone', image: BUSYBOX } },
      scope: 'local',
      time: expect.any(Number),
    });
    await user.wherry(['tag', BUSYBOX, 'other']);
    await user.wherry(['rmi', 'other']);
    expect(await history('type=image', '{{.Action}}')).toEqual(['tag', 'untag']);
    since = '0';
    expect(await history('type=image', '{{.Action}}')).toContain('pull');
  });

  it('refuse what is no filter and no time', async () => {
    expect(await user.wherry(['events', '--filter', 'colour=blue'])).toMatchObject({
      exitCode: 1,
      stdout: '',
    });
    expect((await user.wherry(['events', '--since', 'yesterday'])).stderr).toMatch(/is not a time/);
  });
});

describe.each(USER_NAMES)('health checks of %s', (name) => {
  let user: TestUser;
  beforeAll(async () => {
    user = asUser(name);
    expect((await user.wherry(['pull', '-q', BUSYBOX])).exitCode).toBe(0);
  });
  afterAll(() => user.cleanup());

  const status = async (container: string): Promise<string> =>
    (await user.wherry(['inspect', '-f', '{{.State.Health.Status}}', container])).stdout.trim();

  it('turn with the container, and are seen in ps, inspect and events', async () => {
    const since = String(Date.now() / 1000);
    const flags = [
      '--health-cmd',
      'echo looked; test -e /well',
      '--health-interval',
      '100ms',
      '--health-retries',
      '2',
    ];
    const run = [
      'run',
      '-d',
      '--name',
      'sick',
      '--network',
      'none',
      ...flags,
      '--health-timeout',
      '20s',
      BUSYBOX,
    ];
    expect((await user.wherry([...run, 'sh', '-c', LOOP])).exitCode).toBe(0);
    await expect.poll(() => status('sick')).toBe('unhealthy');
    expect((await user.wherry(['ps'])).stdout).toMatch(/Up .* \(unhealthy\)/);
    expect((await user.wherry(['exec', 'sick', 'touch', '/well'])).exitCode).toBe(0);
    await expect.poll(() => status('sick')).toBe('healthy');
    const named = async (value: string) =>
      (await user.wherry(['ps', '-q', '--filter', `health=${value}`])).stdout;
    expect(await named('healthy')).not.toBe('');
    expect(await named('none')).toBe('');
    const [found] = JSON.parse((await user.wherry(['inspect', 'sick'])).stdout);
    expect(found.Config.Healthcheck).toEqual({
      Test: ['CMD-SHELL', 'echo looked; test -e /well'],
      Interval: 100_000_000,
      Timeout: 20_000_000_000,
      Retries: 2,
    });
    expect(found.State.Health).toMatchObject({ FailingStreak: 0, Log: expect.any(Array) });
    expect(found.State.Health.Log.at(-1)).toMatchObject({ ExitCode: 0, Output: 'looked\n' });
    await user.wherry(['stop', 'sick']);
    expect(await status('sick')).toBe('unhealthy');
    const until = String((Date.now() + 1) / 1000);
    const events = ['events', '--since', since, '--until', until, '--format', '{{.Action}}'];
    const health = await user.wherry([...events, '--filter', 'event=health_status']);
    expect(health.stdout).toBe('health_status: unhealthy\nhealth_status: healthy\n');
    const probes = await user.wherry([...events, '--filter', 'event=exec_start']);
    expect(probes.stdout).toContain('exec_start: /bin/sh -c echo looked; test -e /well\n');
    await user.wherry(['start', 'sick']);
    expect(['starting', 'healthy']).toContain(await status('sick'));
    await user.wherry(['rm', '-f', 'sick']);
  });

  it('rest while it is paused, and go on', async (context) => {
    const flags = ['--health-cmd', 'true', '--health-interval', '50ms', '--network', 'none', '--init'];
    await user.wherry(['run', '-d', '--name', 'rested', ...flags, BUSYBOX, 'sleep', '1000']);
    await expect.poll(() => status('rested'), { timeout: 30_000 }).toBe('healthy');
    const paused = await user.wherry(['pause', 'rested']);
    if (paused.exitCode !== 0) return context.skip(paused.stderr);
    const probes = async () =>
      (await user.wherry(['inspect', '-f', '{{json .State.Health.Log}}', 'rested'])).stdout;
    const before = await probes();
    // Time for many a probe: there is no event to wait for of what must not happen.
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(await probes()).toBe(before);
    await user.wherry(['unpause', 'rested']);
    await expect.poll(probes, { timeout: 30_000 }).not.toBe(before);
    await user.wherry(['rm', '-f', 'rested']);
  });

  it('come from the image, unless they are switched off', async () => {
    await user.wherry(['create', '--name', 'base', BUSYBOX, 'sleep', '1000']);
    const change = 'HEALTHCHECK --interval=100ms --retries=7 CMD ["test", "-e", "/none"]';
    const commit = await user.wherry(['commit', '--change', change, 'base', 'checked']);
    expect(commit.exitCode, commit.stderr).toBe(0);
    const run = ['run', '-d', '--network', 'none', '--init'];
    await user.wherry([...run, '--name', 'own', '--health-retries', '1', 'checked']);
    await expect.poll(() => status('own')).toBe('unhealthy');
    await user.wherry([...run, '--name', 'off', '--no-healthcheck', 'checked']);
    const off = await user.wherry([
      'inspect',
      '-f',
      '{{json .Config.Healthcheck}} {{json .State.Health}}',
      'off',
    ]);
    expect(off.stdout).toMatch(/^\{"Test":\["NONE"\].*\} null\n$/);
  });

  it('refuse what can not be', async () => {
    const refused = async (...flags: string[]) => await user.wherry(['run', ...flags, BUSYBOX, 'true']);
    expect(await refused('--no-healthcheck', '--health-cmd', 'true')).toMatchObject({
      exitCode: 125,
      stderr: expect.stringContaining('--no-healthcheck conflicts with --health-* options'),
    });
    expect((await refused('--health-interval', 'soon')).stderr).toMatch(/invalid duration "soon"/);
    expect((await refused('--health-timeout', '10us')).stderr).toMatch(/cannot be less than 1ms/);
  });
});
