import { chownSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { SettingOperation } from '../../core/src/program/operation.ts';
import { finished } from './process.ts';
import { Bench, type Options } from './support.ts';
import { obstacle, user } from './users.ts';

const owner = user ?? { name: '', uid: 0, gid: 0, range: undefined };
const LOOP = ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 1 & wait; done'];

type Check = Extract<SettingOperation, { readonly op: 'health' }>;

/** A check that comes often; what is not said is generous. */
const check = (script: string, times: Partial<Check> = {}): Check => ({
  op: 'health',
  interval: 30,
  timeout: 20_000,
  retries: 2,
  startPeriod: 0,
  startInterval: 30,
  argv: ['sh', '-c', script],
  ...times,
});

/** Runs the work beside a container with this check, and ends the container. */
async function checked(
  health: Check,
  work: (bench: Bench) => Promise<void>,
  options: Pick<Options, 'uid' | 'terminal'> = {},
): Promise<void> {
  using bench = new Bench(owner);
  const events = { op: 'events', prefix: bench.path('container/events/c') } as const;
  mkdirSync(bench.path('container/events'));
  chownSync(bench.path('container/events'), owner.uid, owner.gid);
  const settings = [health, events];
  const running = bench.spawn(['run', bench.program(LOOP, { ...options, settings })]);
  await bench.fact('started');
  await work(bench);
  process.kill(Number(bench.read('container/started').split(' ')[0]), 'SIGTERM');
  expect((await finished(running)).status).toBe(0);
}

const events = (bench: Bench): string[] =>
  readdirSync(bench.path('container/events'))
    .map((name) => readFileSync(bench.path(`container/events/${name}`), 'utf8').trim())
    .toSorted()
    .map((line) => line.split(' ').slice(1).join(' '));

describe.skipIf(obstacle !== undefined)('the health check', () => {
  test('turns with the state of the container, and keeps what the last five probes said', async () => {
    await checked(check('echo out; echo err >&2; test -e /tmp/well'), async (bench) => {
      const bad = await bench.fact('health', /^unhealthy [2-9]/);
      expect(bad).toMatch(/^\S+Z \S+Z 1 0 0 8\nout\nerr\n$/m);
      await bench.launch(['exec', bench.execProgram(['touch', '/tmp/well'])]);
      const good = await bench.fact('health', /^healthy 0\n/);
      expect(good.match(/^\S+Z \S+Z \d/gm)?.length).toBeLessThanOrEqual(5);
      const seen = events(bench);
      expect(seen).toContain('start');
      expect(seen).toContain('health_status healthy');
      expect(seen.some((each) => /^exec_die [0-9a-f]{64} [01]$/.test(each))).toBe(true);
    });
  });

  test('failures in the start period don’t count', async () => {
    await checked(check('exit 3', { startPeriod: 3_600_000 }), async (bench) => {
      expect(await bench.fact('health', /(Z 3 0 0 0\n\n[\s\S]*){3}/)).toMatch(/^starting 0\n/);
    });
  });

  test('in the start period probes come by an interval of their own', async () => {
    const hour = 3_600_000;
    await checked(check('true', { interval: hour, startPeriod: hour, startInterval: 20 }), async (bench) => {
      expect(await bench.fact('health', /^healthy /)).toMatch(/^healthy 0\n/);
    });
  });

  test('a probe that takes too long is killed with what it started, and failed', async () => {
    await checked(check('echo begun; sleep 3600; true', { timeout: 300, retries: 1 }), async (bench) => {
      // On a busy machine it may be some probes until one gets as far as its first word in that time.
      await bench.fact('health', /^unhealthy [\s\S]*Z -1 1 0 6\nbegun\n/);
      const { stdout } = await bench.launch(['exec', bench.execProgram(['ps', '-o', 'args'])]);
      // The next one may have begun.
      expect(stdout.toString().match(/^sleep 3600$/gm)?.length ?? 0).toBeLessThanOrEqual(1);
    });
  });

  test('a probe is the container’s user with its environment, and has no terminal', async () => {
    const uid = owner.range === undefined ? 0 : 7;
    const script = 'id -u; echo $TERM; [ -t 0 ] || [ -t 1 ] || echo none';
    await checked(
      check(script),
      async (bench) => {
        expect(await bench.fact('health', /Z 0 0 0 \d+\n[\s\S]*\n/)).toContain(`\n${uid}\ndumb\nnone\n`);
      },
      { uid },
    );
  });

  test('what is no command says so, and 4096 bytes are kept of what one writes', async () => {
    const missing = check('', { argv: ['nonesuch'], retries: 1 });
    await checked(missing, async (bench) => {
      const text = await bench.fact('health', /^unhealthy /);
      expect(text).toMatch(/Z -1 0 0 \d+\nexec: "nonesuch": executable file not found in \$PATH\n/);
    });
    await checked(check('yes | head -c 9000'), async (bench) => {
      expect(await bench.fact('health', /^healthy /)).toMatch(/Z 0 0 1 4096\n(y\n){2048}\n/);
    });
  });
});
