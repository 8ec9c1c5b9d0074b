import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { finished, output } from './process.ts';
import { Bench } from './support.ts';
import { obstacle, user } from './users.ts';

const reason = obstacle === undefined ? '' : ` (${obstacle})`;
const owner = user ?? { name: '', uid: 0, gid: 0, range: undefined };
const POLL = { timeout: 60_000, interval: 10 };
/** Before, signals still end it at once. */
const LISTENS = 'until ls -l /proc/$PPID/fd | grep -q signalfd; do :; done';
const GO_ON = 'while :; do sleep 0.05; done';

/** As a shell in the place of Node.js does it. */
const handOver = (...args: readonly string[]): string =>
  `printf '%b' '${['launcher', ...args].map((each) => `${each}\\000`).join('')}' >&"\${WHERRY_FRONT%:*}"; kill -9 $$`;

/** A front, with a shell in the place of Node.js. */
function front(bench: Bench, script: string): ChildProcess {
  return bench.spawn(['front', '--', '/bin/sh', '-c', script]);
}

/** Also of one that is dead and that nobody has reaped. */
function lives(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

async function end(
  child: ChildProcess,
): Promise<{ stdout: string; status: number | null; signal: string | null }> {
  const { status, stdout } = await finished(child);
  return { stdout: stdout.toString(), status, signal: child.signalCode };
}

describe.skipIf(obstacle !== undefined)(`the front${reason}`, () => {
  test('ends as what it is in front of: by its status, or by the same signal', async () => {
    using bench = new Bench(owner);
    expect(await end(front(bench, 'exit 7'))).toMatchObject({ status: 7 });
    expect(await end(front(bench, 'kill -TERM $$'))).toMatchObject({ status: null, signal: 'SIGTERM' });
    expect(await end(front(bench, 'kill -9 $$'))).toMatchObject({ status: null, signal: 'SIGKILL' });
    expect(await finished(bench.spawn(['front', '--', '/nonexistent/node']))).toMatchObject({
      status: 127,
      stderr: "wherry: /nonexistent/node can't be executed: No such file or directory\n",
    });
  });

  test('ends so for a caller who ignores the end of children, too', async () => {
    using bench = new Bench(owner);
    const script = `trap '' CHLD; exec ${bench.launcher} front -- /bin/sh -c 'exit 6'`;
    // As bash does, and other shells don't, the signal stays ignored for the program.
    expect(await end(bench.command(['bash', '-c', script]))).toMatchObject({ status: 6 });
  });

  test('becomes the launcher, and nothing of what was before is the container’s', async () => {
    using bench = new Bench(owner);
    const script = 'ulimit -n; ls /proc/self/fd | wc -l; grep -E "Sig(Blk|Ign)" /proc/self/status; env';
    const program = bench.program(['sh', '-c', `${script}; exit 9`]);
    const before = await finished(bench.spawn(['run', program]));
    const child = bench.command([
      'sh',
      '-c',
      'ulimit -Sn 100; exec "$@" 7</dev/null',
      'sh',
      ...[bench.launcher, 'front', '--', '/bin/sh', '-c', handOver('run', program)],
    ]);
    const { status, stdout } = await finished(child);
    expect(status).toBe(9);
    // Node.js raises the limit, and passes that on.
    expect(stdout.toString()).toBe(before.stdout.toString());
  });

  test('keeps no descriptor of the caller’s, and leaves no dead child behind', async () => {
    using bench = new Bench(owner);
    const look = `${LISTENS}; ls /proc/$PPID/fd; echo "channel \${WHERRY_FRONT%:*}"`;
    const program = bench.program(['sh', '-c', 'echo started; read line'], { stdin: 'once' });
    const child = bench.command([
      'sh',
      '-c',
      'exec "$@" 7</dev/null 9</dev/null',
      'sh',
      ...[bench.launcher, 'front', '--', '/bin/sh', '-c', `${look}; ${handOver('run', program)}`],
    ]);
    expect(await output(child, /started/)).toBe('0\n1\n2\n3\n4\n5\nchannel 3\nstarted\n');
    const children = () =>
      readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ');
    await expect.poll(children, POLL).toHaveLength(1);
    expect(readFileSync(`/proc/${child.pid}/environ`, 'utf8')).toBe('');
    child.stdin?.end();
    expect(await end(child)).toMatchObject({ status: 1 });
  });

  test('passes on what is sent to it', async () => {
    using bench = new Bench(owner);
    const child = front(bench, `trap 'echo got; exit 3' TERM; ${LISTENS}; echo ready; ${GO_ON}`);
    await output(child, /ready/);
    child.kill('SIGTERM');
    expect(await end(child)).toMatchObject({ stdout: expect.stringContaining('got'), status: 3 });
  });

  test('but not what the terminal sends', async () => {
    using bench = new Bench(owner);
    // Away from the terminal, so that it gets nothing but what is passed on.
    const script = `trap "echo int" INT; trap "echo end; exit 4" USR1; ${LISTENS}; echo ready $PPID; ${GO_ON}`;
    const child = bench.command([
      'script',
      '-qec',
      `exec ${bench.launcher} front -- /usr/bin/setsid sh -c '${script}'`,
      '/dev/null',
    ]);
    const said = output(child, /end/);
    const pid = Number(/ready (\d+)/.exec(await output(child, /ready \d+/))?.[1]);
    const sleeps = () =>
      Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
    const before = sleeps();
    child.stdin?.write('\x03');
    await expect.poll(sleeps, POLL).toBeGreaterThan(before);
    process.kill(pid, 'SIGUSR1');
    expect(await said).not.toContain('int');
    expect(await end(child)).toMatchObject({ status: 4 });
  });

  test('ends by the signal that came before it was handed over to', async () => {
    using bench = new Bench(owner);
    const child = front(
      bench,
      `trap '${handOver('version').replaceAll("'", '"')}' TERM; ${LISTENS}; echo ready; ${GO_ON}`,
    );
    await output(child, /ready/);
    child.kill('SIGTERM');
    expect(await end(child)).toMatchObject({
      stdout: expect.not.stringContaining('programs'),
      signal: 'SIGTERM',
    });
  });

  test('takes what it is in front of with it when it is killed', async () => {
    using bench = new Bench(owner);
    const child = front(bench, `trap '' HUP TERM; echo pid $$; exec sleep 1000 >/dev/null`);
    const pid = Number(/pid (\d+)/.exec(await output(child, /pid \d+/))?.[1]);
    child.kill('SIGKILL');
    await expect.poll(() => lives(pid), POLL).toBe(false);
  });
});
