import { describe, expect, test } from 'vitest';
import { finished, output } from './process.ts';
import { Bench } from './support.ts';
import { obstacle, rangeUser, user } from './users.ts';

const reason = obstacle === undefined ? '' : ` (${obstacle})`;
const owner = user ?? { name: '', uid: 0, gid: 0, range: undefined };

describe.skipIf(obstacle !== undefined).each([
  ['a single id', user],
  ['a range of ids', rangeUser],
])(`exec${reason} with %s`, (_, who) => {
  test.skipIf(who === undefined)(
    'a command joins the container, with its own input, output and status',
    async () => {
      using bench = new Bench(who ?? owner);
      const child = bench.spawn([
        'run',
        bench.program(['sh', '-c', 'echo ready; read line'], {
          stdin: 'open',
          container: [{ op: 'hostname', name: 'box' }],
        }),
      ]);
      await output(child, /ready/);
      const script =
        'hostname; cat; ls /proc/self/fd; readlink /proc/self/cwd; cat /proc/self/comm >&2; exit 9';
      const result = await bench.launch(
        ['exec', bench.execProgram(['sh', '-c', script], { stdin: 'once' })],
        'typed\n',
      );
      expect(result).toEqual({
        status: 9,
        stdout: Buffer.from('box\ntyped\n0\n1\n2\n3\n/\n'),
        stderr: 'cat\n',
      });
      child.stdin?.write('\n');
      await finished(child);
    },
  );

  test.skipIf(who === undefined)('a container with --init is joined as any other', async () => {
    using bench = new Bench(who ?? owner);
    const program = bench.program(['sh', '-c', 'echo ready; read line'], {
      stdin: 'open',
      container: [{ op: 'init' }, { op: 'hostname', name: 'box' }],
    });
    const child = bench.spawn(['run', program]);
    await output(child, /ready/);
    const result = await bench.launch(['exec', bench.execProgram(['hostname'])], '');
    expect(result).toEqual({ status: 0, stdout: Buffer.from('box\n'), stderr: '' });
    child.stdin?.write('\n');
    expect((await finished(child)).status).toBe(0);
  });

  test.skipIf(who === undefined)('it dies with the container', async () => {
    using bench = new Bench(who ?? owner);
    const child = bench.spawn([
      'run',
      bench.program(['sh', '-c', 'echo ready; read line'], { stdin: 'open' }),
    ]);
    await output(child, /ready/);
    const inside = bench.spawn(['exec', bench.execProgram(['sh', '-c', 'echo in; sleep 1000'])]);
    await output(inside, /in/);
    const result = finished(inside);
    child.stdin?.write('\n');
    await finished(child);
    expect((await result).status).toBe(137);
  });
});

describe.skipIf(obstacle !== undefined)(`exec${reason}`, () => {
  test('a container that has ended, or another process of its number, is refused', async () => {
    using bench = new Bench(owner);
    await bench.run(['true']);
    const program = bench.encode('gone', {
      settings: [{ op: 'join', pid: process.pid, startTime: '1' }],
      prepare: [],
      container: [{ op: 'arguments', argv: ['/bin/true'] }, { op: 'execute' }],
      cleanup: [],
    });
    const { status, stderr } = await bench.launch(['exec', program]);
    expect([status, stderr]).toEqual([125, "wherry: the container isn't running\n"]);
  });

  test('detached, it goes on without its caller', async () => {
    using bench = new Bench(owner);
    const child = bench.spawn([
      'run',
      bench.program(['sh', '-c', 'echo ready; read line; cat /made'], { stdin: 'open' }),
    ]);
    await output(child, /ready/);
    const program = bench.execProgram(['sh', '-c', 'echo late >/made'], { settings: [{ op: 'detach' }] });
    expect((await bench.launch(['exec', program])).status).toBe(0);
    await bench.appears('upper/made', /late/);
    child.stdin?.write('\n');
    expect((await finished(child)).stdout.toString()).toContain('late');
  });
});
