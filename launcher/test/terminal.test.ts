import { describe, expect, test } from 'vitest';
import { finished, output } from './process.ts';
import { Bench } from './support.ts';
import { obstacle, user } from './users.ts';

const reason = obstacle === undefined ? '' : ` (${obstacle})`;
const owner = user ?? { name: '', uid: 0, gid: 0, range: undefined };

/** The launcher with a terminal of `script`, which passes on what is written to it. */
function onTerminal(bench: Bench, args: readonly string[], size = 'rows 33 cols 101') {
  const quoted = [bench.launcher, ...args].map((arg) => `'${arg}'`).join(' ');
  return bench.command(['script', '-qec', `stty ${size}; ${quoted}`, '/dev/null']);
}

describe.skipIf(obstacle !== undefined)(`terminals${reason}`, () => {
  test('the container has a terminal of its own, of the client’s size', async () => {
    using bench = new Bench(owner);
    const script = 'tty; stty size; readlink /proc/self/fd/0; ls /dev/pts; echo >/dev/console ok; exit 3';
    const child = onTerminal(bench, [
      'run',
      bench.program(['sh', '-c', script], { terminal: true, stdin: 'once' }),
    ]);
    const { status, stdout } = await finished(child);
    expect(stdout.toString()).toBe(
      '/dev/pts/0\r\n33 101\r\n/dev/pts/0\r\n0\r\nptmx\r\nok\r\n'.replace('0\r\nptmx', '0     ptmx'),
    );
    expect(status).toBe(3);
  });

  test('typed bytes go through unchanged; ctrl-c is the container’s', async () => {
    using bench = new Bench(owner);
    const script =
      'trap "echo interrupted; exit 8" INT; echo ready; read line; echo "got $line"; while :; do sleep 1; done';
    const child = onTerminal(bench, [
      'run',
      bench.program(['sh', '-c', script], { terminal: true, stdin: 'once' }),
    ]);
    await output(child, /ready/);
    child.stdin?.write('some words\r');
    await output(child, /got some words/);
    child.stdin?.write('\x03');
    const { status, stdout } = await finished(child);
    expect(stdout.toString()).toContain('interrupted');
    expect(status).toBe(8);
  });

  test('ctrl-p ctrl-q detaches with status 0; a lone ctrl-p goes through; attach finds the container again', async () => {
    using bench = new Bench(owner);
    const script = 'stty raw -echo; echo ready; head -c 2; echo; head -c 1 >/dev/null; stty sane; exit 4';
    const child = onTerminal(bench, [
      'run',
      bench.program(['sh', '-c', script], { terminal: true, stdin: 'once' }),
    ]);
    await output(child, /ready/);
    child.stdin?.write('\x10x');
    expect(await output(child, /x/)).toContain('\x10x');
    child.stdin?.write('\x10');
    child.stdin?.write('\x11');
    expect((await finished(child)).status).toBe(0);
    const again = onTerminal(bench, ['attach', bench.directory]);
    again.stdin?.write('z');
    expect((await finished(again)).status).toBe(4);
  });

  test('a job in the container has job control', async () => {
    using bench = new Bench(owner);
    const { stdout } = await finished(
      onTerminal(bench, [
        'run',
        bench.program(['sh', '-c', 'sh -i -c true 2>&1; sleep 0 & wait; echo end'], {
          terminal: true,
          stdin: 'once',
        }),
      ]),
    );
    expect(stdout.toString()).toMatch(/end\r\n$/);
    // As a shell says where it can't have the terminal for its jobs.
    expect(stdout.toString()).not.toContain('job control');
  });

  test('exec has a terminal of its own in the container’s /dev/pts', async () => {
    using bench = new Bench(owner);
    const child = bench.spawn([
      'run',
      bench.program(['sh', '-c', 'echo ready; read line'], { stdin: 'open' }),
    ]);
    await output(child, /ready/);
    const inside = onTerminal(bench, [
      'exec',
      bench.execProgram(['sh', '-c', 'tty; stty size; exit 5'], {
        terminal: true,
        stdin: 'once',
      }),
    ]);
    const { status, stdout } = await finished(inside);
    expect([status, stdout.toString()]).toEqual([5, '/dev/pts/0\r\n33 101\r\n']);
    child.stdin?.write('\n');
    await finished(child);
  });
});
