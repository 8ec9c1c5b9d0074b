import { describe, expect, test } from 'vitest';
import { finished, output } from './process.ts';
import { Bench } from './support.ts';
import { obstacle, user } from './users.ts';

const reason = obstacle === undefined ? '' : ` (${obstacle})`;
const owner = user ?? { name: '', uid: 0, gid: 0, range: undefined };

describe.skipIf(obstacle !== undefined)(`attach${reason}`, () => {
  test('two clients see the same output and status', async () => {
    using bench = new Bench(owner);
    const program = bench.program(['sh', '-c', 'read line; seq 50000; exit 7'], {
      stdin: 'once',
      settings: [{ op: 'detach' }],
    });
    expect((await bench.launch(['run', program])).status).toBe(0);
    const watcher = bench.spawn(['attach', bench.directory, '--no-stdin']);
    const watched = finished(watcher);
    // An answer to the second one's input shows that the first one, which came before it, is attached.
    await bench.attached(watcher);
    const [first, second] = await Promise.all([watched, bench.launch(['attach', bench.directory], 'go\n')]);
    expect(first.stdout.toString().split('\n')).toHaveLength(50_001);
    expect(second.stdout.equals(first.stdout)).toBe(true);
    expect([first.status, second.status]).toEqual([7, 7]);
  });

  test('a client that is stopped holds the container up, and loses nothing', async () => {
    using bench = new Bench(owner);
    const child = bench.spawn([
      'run',
      bench.program(['sh', '-c', 'echo ready; read line; seq 200000; exit 2'], { stdin: 'once' }),
    ]);
    await output(child, /ready\n/);
    const result = finished(child);
    child.stdout?.pause();
    child.stdin?.end('\n');
    const log = await bench.settled('container/log');
    // All of it would be more than 15 MB.
    expect(log).toBeLessThan(8_000_000);
    child.stdout?.resume();
    const { status, stdout } = await result;
    expect(status).toBe(2);
    expect(stdout.toString().trimEnd().split('\n').at(-1)).toBe('200000');
  });

  test('a container that was killed ends at once, however slow a client is; the client still gets all', async () => {
    using bench = new Bench(owner);
    const child = bench.spawn([
      'run',
      bench.program(['sh', '-c', 'echo ready; read line; yes'], { stdin: 'once' }),
    ]);
    await output(child, /ready\n/);
    const result = finished(child);
    child.stdout?.pause();
    child.stdin?.end('\n');
    await bench.settled('container/log');
    const init = Number((await bench.fact('started')).split(' ')[3]);
    process.kill(init, 'SIGKILL');
    expect(await bench.fact('exited')).toMatch(/^137 9 0 /);
    child.stdout?.resume();
    const { status, stdout } = await result;
    expect(status).toBe(137);
    const logged = bench.read('container/log').trimEnd().split('\n').length;
    expect(Math.abs(stdout.toString().split('\n').length - logged)).toBeLessThanOrEqual(1);
  });

  test('attaching to a container that isn’t running says so', async () => {
    using bench = new Bench(owner);
    const { status, stderr } = await bench.launch(['attach', bench.directory]);
    expect([status, stderr]).toEqual([125, "wherry: the container isn't running\n"]);
  });
});
