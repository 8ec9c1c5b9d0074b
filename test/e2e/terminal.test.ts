import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningCommand } from '../support/command.ts';
import { asUser, type TestUser, USER_NAMES } from '../support/user.ts';

const BUSYBOX = 'localhost:5000/busybox';
const CTRL = { c: '\x03', p: '\x10', q: '\x11', x: '\x18', z: '\x1a' };

/** The terminal that script(1) holds for a command. */
function terminalOf({ pid }: RunningCommand): string {
  const child = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0];
  return readlinkSync(`/proc/${child}/fd/0`);
}

/** As a window's edge that is pulled: the kernel tells the foreground processes of the terminal. */
function resize(command: RunningCommand, columns: number, rows: number): void {
  execFileSync('stty', ['-F', terminalOf(command), 'cols', `${columns}`, 'rows', `${rows}`]);
}

/** Types until the answer comes: what is typed before a shell is ready may be lost to its start. */
async function answer(command: RunningCommand, line: string, expected: RegExp): Promise<void> {
  command.write(`${line}\n`);
  await command.waitFor(expected);
}

describe.each(USER_NAMES)('a terminal for %s', (name) => {
  let user: TestUser;
  beforeAll(async () => {
    user = asUser(name);
    expect((await user.wherry(['pull', '-q', BUSYBOX])).exitCode).toBe(0);
  });
  afterAll(() => user.cleanup());

  const running = async (container: string): Promise<string> =>
    (await user.wherry(['inspect', '-f', '{{.State.Running}} {{.State.ExitCode}}', container])).stdout.trim();

  it('has a size that follows, and job control', async () => {
    const run = ['run', '-it', '--rm', '--network', 'none', BUSYBOX, 'sh'];
    const shell = user.startWherry(run, { terminal: { columns: 90, rows: 30 } });
    await answer(shell, 'echo at-$(stty size)', /at-30 90\r/);
    resize(shell, 101, 41);
    await answer(
      shell,
      'while [ "$(stty size)" != "41 101" ]; do sleep 0.1; done; echo now-4$((0+1))',
      /now-41\r/,
    );
    // Each key is pressed when what it is for is in the foreground: the command itself says so.
    const job = `sh -c 'trap "echo on-$((2+3))" CONT; echo go-$((1+1)); while :; do sleep 0.1; done'`;
    await answer(shell, job, /go-2\r/);
    shell.write(CTRL.z);
    await shell.waitFor(/Stopped/);
    await answer(shell, 'jobs', /\[1\]\+? .*Stopped/);
    await answer(shell, 'fg', /on-5\r/);
    shell.write(CTRL.c);
    await answer(shell, 'echo status-$?', /status-130\r/);
    shell.write('exit 9\n');
    expect((await shell.result).exitCode).toBe(9);
  });

  it('is shared by all who attach, and left by keys', async () => {
    await user.wherry(['rm', '-f', 'term']);
    const first = user.startWherry(['run', '-it', '--name', 'term', '--network', 'none', BUSYBOX, 'sh'], {
      terminal: true,
    });
    await answer(first, 'echo up-$((1+1))', /up-2\r/);
    const second = user.startWherry(['attach', '--detach-keys', 'ctrl-x,d', 'term'], { terminal: true });
    await answer(second, 'echo both-$((20+3))', /both-23\r/);
    await first.waitFor(/both-23\r/);
    second.write(`${CTRL.x}d`);
    expect((await second.result).exitCode).toBe(1);
    await answer(first, 'echo still-$((1+2))', /still-3\r/);
    first.write(CTRL.p + CTRL.q);
    expect((await first.result).exitCode).toBe(0);
    expect(await running('term')).toBe('true 0');

    const exec = user.startWherry(['exec', '-it', 'term', 'sh'], { terminal: { columns: 70, rows: 20 } });
    await answer(exec, 'echo in-$(stty size)', /in-20 70\r/);
    resize(exec, 72, 22);
    await answer(
      exec,
      'while [ "$(stty size)" != "22 72" ]; do sleep 0.1; done; echo new-$((3+4))',
      /new-7\r/,
    );
    exec.write('exit 7\n');
    expect((await exec.result).exitCode).toBe(7);

    const last = user.startWherry(['attach', 'term'], { terminal: true });
    last.write('\nexit 5\n');
    expect((await last.result).exitCode).toBe(5);
    expect(await running('term')).toBe('false 5');
    const again = user.startWherry(['start', '-ai', 'term'], { terminal: true });
    await answer(again, 'echo again-$((2+2))', /again-4\r/);
    again.write('exit\n');
    expect((await again.result).exitCode).toBe(0);
    await user.wherry(['rm', 'term']);
  });

  it('and without one: streams by name, input to its end, signals', async () => {
    const both = ['--network', 'none', BUSYBOX, 'sh', '-c', 'echo out; echo err >&2'];
    expect(await user.wherry(['run', '--rm', '-a', 'stderr', ...both])).toMatchObject({
      stdout: '',
      stderr: 'err\n',
      exitCode: 0,
    });
    expect(await user.wherry(['run', '--rm', '-a', 'stdout', ...both])).toMatchObject({
      stdout: 'out\n',
      stderr: '',
    });
    // The end of the input reaches the command, whose output comes through after it.
    const counted = await user.wherry(
      ['run', '--rm', '-i', '--network', 'none', BUSYBOX, 'sh', '-c', 'wc -c; sleep 0.2; echo end'],
      { input: 'x'.repeat(100_000) },
    );
    expect(counted).toMatchObject({ stdout: '100000\nend\n', exitCode: 0 });
    const trap = 'trap "echo caught; exit 4" HUP; echo ready; while true; do sleep 0.1; done';
    const proxied = user.startWherry(['run', '--rm', '--network', 'none', BUSYBOX, 'sh', '-c', trap]);
    await proxied.waitFor(/ready/);
    process.kill(proxied.pid, 'SIGHUP');
    expect(await proxied.result).toMatchObject({ stdout: 'ready\ncaught\n', exitCode: 4 });
    await user.wherry(['rm', '-f', 'deaf']);
    const deaf = user.startWherry([
      'run',
      '--name',
      'deaf',
      '--sig-proxy=false',
      '--network',
      'none',
      BUSYBOX,
      'sh',
      '-c',
      trap,
    ]);
    await deaf.waitFor(/ready/);
    process.kill(deaf.pid, 'SIGHUP');
    expect((await deaf.result).stdout).toBe('ready\n');
    expect(await running('deaf')).toBe('true 0');
    await user.wherry(['rm', '-f', 'deaf']);
  });
});
