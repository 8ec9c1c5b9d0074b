import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asUser, type TestUser, USER_NAMES } from '../support/user.ts';

const BUSYBOX = 'localhost:5000/busybox';
const LOOP = 'trap "exit 0" TERM; echo ready; while true; do sleep 0.1; done';

describe.each(USER_NAMES)('a running container of %s', (name) => {
  let user: TestUser;
  let id: string;
  beforeAll(async () => {
    user = asUser(name);
    expect((await user.wherry(['pull', '-q', BUSYBOX])).exitCode).toBe(0);
    const flags = [
      '--restart',
      'on-failure:3',
      '--ulimit',
      'nofile=100:200',
      '--shm-size',
      '1m',
      '-l',
      'a=b',
    ];
    const run = ['run', '-d', '--name', 'box', '--network', 'none', '-e', 'OWN=1', ...flags, BUSYBOX];
    const result = await user.wherry([...run, 'sh', '-c', LOOP]);
    expect(result.exitCode, result.stderr).toBe(0);
    id = result.stdout.trim();
  });
  afterAll(() => user.cleanup());

  const inspect = async (field: string): Promise<string> =>
    (await user.wherry(['inspect', '-f', field, 'box'])).stdout.trim();

  it.each([
    ['the status of the command', ['sh', '-c', 'exit 42'], 42],
    ['127 when the command is missing', ['no-such-command'], 127],
    ['126 when it can not be invoked', ['/etc'], 126],
  ])('exec exits with %s', async (_, command, status) => {
    const result = await user.wherry(['exec', 'box', ...command]);
    expect(result.exitCode, result.stderr).toBe(status);
  });

  it('exec takes input, environment, directory and limits; it sees the container’s own', async () => {
    const script = 'cat; echo "$OWN|$A|$PWD|$(ulimit -n)|$(hostname)|$(cat /proc/1/comm)"';
    const exec = ['exec', '-i', '-e', 'A=b c', '-w', '/tmp', 'box', 'sh', '-c', script];
    const result = await user.wherry(exec, { input: 'typed\n' });
    expect(result).toMatchObject({ stdout: `typed\n1|b c|/tmp|100|${id.slice(0, 12)}|sh\n`, exitCode: 0 });
  });

  it('exec passes binary data unchanged', async () => {
    const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 11) & 255));
    const { createHash } = await import('node:crypto');
    const result = await user.wherry(['exec', '-i', 'box', 'sha256sum'], { input: bytes });
    expect(result.stdout).toBe(`${createHash('sha256').update(bytes).digest('hex')}  -\n`);
  });

  it('exec -d leaves a command running, and -t gives a terminal', async () => {
    expect(await user.wherry(['exec', '-d', 'box', 'sh', '-c', 'echo made >/made'])).toMatchObject({
      exitCode: 0,
      stdout: '',
    });
    const wait = 'while [ ! -s /made ]; do sleep 0.05; done; cat /made';
    expect((await user.wherry(['exec', 'box', 'sh', '-c', wait])).stdout).toBe('made\n');
    const terminal = await user.startWherry(['exec', '-it', 'box', 'sh', '-c', 'tty; stty size'], {
      terminal: { columns: 91, rows: 33 },
    }).result;
    expect(terminal.stdout.replaceAll('\r', '')).toMatch(/^\/dev\/pts\/\d\n33 91\n$/);
  });

  it('top lists its processes, diff what it changed', async () => {
    const top = await user.wherry(['top', 'box']);
    expect(top.stdout).toMatch(/^UID +PID +PPID/);
    expect(top.stdout).toMatch(/sh -c trap/);
    const chosen = await user.wherry(['top', 'box', '-o', 'pid,args']);
    expect(chosen.stdout).toMatch(/^PID +COMMAND\n\d+ +sh -c trap/);
    expect((await user.wherry(['top', 'box', 'aux'])).stdout).toMatch(/^USER +PID .*\n.* sh -c trap/);
    await user.wherry(['exec', 'box', 'sh', '-c', 'echo x >/etc/added; rm /etc/group; mkdir -p /new/dir']);
    const diff = (await user.wherry(['diff', 'box'])).stdout.split('\n');
    expect(diff).toEqual(
      expect.arrayContaining(['C /etc', 'A /etc/added', 'D /etc/group', 'A /new', 'A /new/dir']),
    );
    expect(diff).not.toContain('A /etc/hosts');
  });

  it('stats counts what it uses', async () => {
    const stats = await user.wherry([
      'stats',
      '--no-stream',
      '--format',
      '{{.Name}} {{.PIDs}} {{.MemUsage}}',
      'box',
    ]);
    expect(stats.stdout).toMatch(/^box [1-9]\d* [\d.]+[KM]iB \/ [\d.]+GiB\n$/);
  });

  it('stats goes on, and draws its table anew in a terminal', async () => {
    const live = user.startWherry(['stats', 'box'], { terminal: true });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal takes for "go home".
    await live.waitFor(/\x1b\[H[\s\S]*CONTAINER ID[\s\S]* box [\s\S]*\x1b\[H[\s\S]*CONTAINER ID[\s\S]* box /);
    live.write('\x03');
    await live.result;
    const piped = await user.wherry(['stats', '--no-stream', '--no-trunc', '--format', 'json', '-a']);
    const rows = piped.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(rows.map(({ ID, Name }) => [ID, Name])).toEqual([[id, 'box']]);
    expect(rows[0]).toMatchObject({
      CPUPerc: expect.stringMatching(/^\d+\.\d\d%$/),
      PIDs: expect.any(String),
    });
  });

  it('inspect has Docker’s fields', async () => {
    expect(await inspect('{{.State.Status}} {{.State.Running}} {{.Name}} {{.Driver}}')).toBe(
      'running true /box overlay',
    );
    expect(
      await inspect('{{.HostConfig.RestartPolicy.Name}}:{{.HostConfig.RestartPolicy.MaximumRetryCount}}'),
    ).toBe('on-failure:3');
    expect(await inspect('{{json .Config.Labels}} {{.HostConfig.ShmSize}}')).toBe('{"a":"b"} 1048576');
    expect(await inspect('{{range .Config.Env}}{{println .}}{{end}}')).toContain('OWN=1');
    const [whole] = JSON.parse((await user.wherry(['inspect', '-s', 'box'])).stdout);
    expect(whole).toMatchObject({ Id: id, Path: 'sh', Args: ['-c', LOOP], SizeRw: expect.any(Number) });
    expect(whole.NetworkSettings.Networks).toBeDefined();
    const [image] = JSON.parse((await user.wherry(['inspect', '--type', 'image', BUSYBOX])).stdout);
    expect(image).toMatchObject({ Id: whole.Image, RepoTags: [`${BUSYBOX}:latest`], Os: 'linux' });
    const missing = await user.wherry(['inspect', 'nothing']);
    expect(missing).toMatchObject({ stdout: '[]\n', exitCode: 1 });
    expect(missing.stderr).toContain('No such object: nothing');
  });

  it('pauses and goes on', async () => {
    expect(await user.wherry(['pause', 'box'])).toMatchObject({ stdout: 'box\n', exitCode: 0 });
    expect((await user.wherry(['ps'])).stdout).toMatch(/\(Paused\)/);
    expect((await user.wherry(['info', '-f', '{{.ContainersPaused}}'])).stdout).toBe('1\n');
    expect((await user.wherry(['exec', 'box', 'true'])).stderr).toMatch(/is paused/);
    expect((await user.wherry(['unpause', 'box'])).exitCode).toBe(0);
    expect(await inspect('{{.State.Status}}')).toBe('running');
    expect((await user.wherry(['unpause', 'box'])).stderr).toMatch(/is not paused/);
  });

  it('ends when it is stopped while it is paused', async () => {
    await user.wherry(['pause', 'box']);
    expect((await user.wherry(['stop', '-t', '600', 'box'])).exitCode).toBe(0);
    expect(await inspect('{{.State.Status}} {{.State.ExitCode}}')).toBe('exited 0');
    expect((await user.wherry(['start', 'box'])).exitCode).toBe(0);
  });

  it('restarts, is renamed, and frees its name', async () => {
    const before = await inspect('{{.State.Pid}}');
    expect(await user.wherry(['restart', '-t', '5', 'box'])).toMatchObject({ stdout: 'box\n', exitCode: 0 });
    expect(await inspect('{{.State.Pid}}')).not.toBe(before);
    expect((await user.wherry(['rename', 'box', 'crate'])).exitCode).toBe(0);
    expect((await user.wherry(['inspect', '-f', '{{.Name}}', id])).stdout).toBe('/crate\n');
    expect((await user.wherry(['rename', 'crate', 'box'])).exitCode).toBe(0);
    expect((await user.wherry(['rename', 'box', 'b'])).exitCode).toBe(1);
  });

  it('attach shows what comes, and detaches by the keys', async () => {
    const run = ['run', '-dit', '--name', 'term', '--network', 'none', BUSYBOX, 'sh'];
    expect((await user.wherry(run)).exitCode).toBe(0);
    const client = user.startWherry(['attach', '--detach-keys', 'ctrl-x', 'term'], { terminal: true });
    client.write('echo $((40+2))\n');
    await client.waitFor(/42/);
    client.write('\x18');
    // As Docker's attach and exec, where its run leaves with 0.
    expect(await client.result).toMatchObject({
      exitCode: 1,
      stdout: expect.stringMatching(/read escape sequence\r\n$/),
    });
    expect((await user.wherry(['ps', '-q', '--filter', 'name=term'])).stdout).not.toBe('');
    const exec = user.startWherry(['exec', '-it', 'term', 'sh'], { terminal: { columns: 71, rows: 21 } });
    exec.write('echo $((40+3))\n');
    await exec.waitFor(/43/);
    exec.write('\x10\x11');
    expect((await exec.result).exitCode).toBe(1);
    const again = user.startWherry(['attach', 'term'], { terminal: { columns: 72, rows: 22 } });
    again.write('echo $(stty size)-\n');
    await again.waitFor(/22 72-/);
    again.write('exit\n');
    expect((await again.result).exitCode).toBe(0);
    const all = ['events', '--since', '1h', '--until', '0s', '--filter', 'container=term', '--format'];
    const format = '{{.Action}} {{.Actor.Attributes.height}}';
    // Each is told by its own monitor, which doesn't hold the client up for it.
    const told = async () => (await user.wherry([...all, format])).stdout.split('\n');
    await expect
      .poll(told)
      .toEqual(expect.arrayContaining(['detach <no value>', 'exec_detach <no value>', 'resize 22']));
    await user.wherry(['rm', '-f', 'term']);
  });

  it('a restart policy brings it back, and stop ends that', async () => {
    const run = ['run', '-d', '--name', 'again', '--restart', 'always', '--network', 'none', BUSYBOX];
    expect((await user.wherry([...run, 'sh', '-c', 'echo turn; exit 3'])).exitCode).toBe(0);
    const follower = user.startWherry(['logs', '-f', 'again']);
    await follower.waitFor(/turn\n(.*\n)*turn\n/);
    expect(await user.wherry(['stop', 'again'])).toMatchObject({ stdout: 'again\n', exitCode: 0 });
    expect((await user.wherry(['ps', '-a', '--filter', 'name=again'])).stdout).toMatch(/Exited \(3\)/);
    expect((await user.wherry(['update', '--restart', 'no', 'again'])).exitCode).toBe(0);
    const policy = await user.wherry(['inspect', '-f', '{{.HostConfig.RestartPolicy.Name}}', 'again']);
    expect(policy.stdout).toBe('no\n');
  });

  it('another restart policy holds from the next end on', async () => {
    const run = ['run', '-d', '--name', 'later', '--network', 'none', BUSYBOX, 'sh', '-c'];
    const script = 'echo turn; while [ ! -e /go ]; do sleep 0.05; done; exit 3';
    expect((await user.wherry([...run, script])).exitCode).toBe(0);
    expect(await user.wherry(['update', '--restart', 'on-failure:2', 'later'])).toMatchObject({
      stdout: 'later\n',
      stderr: '',
    });
    await user.wherry(['exec', 'later', 'touch', '/go']);
    expect((await user.wherry(['wait', 'later'])).stdout).toBe('3\n');
    expect((await user.wherry(['logs', 'later'])).stdout).toBe('turn\nturn\nturn\n');
    await user.wherry(['update', '--restart', 'always', 'later']);
    await user.wherry(['start', 'later']);
    const running = user.startWherry(['logs', '-f', 'later']);
    await running.waitFor(/(turn\n){5}/);
    await user.wherry(['update', '--restart', 'no', 'later']);
    expect((await user.wherry(['wait', 'later'])).stdout).toBe('3\n');
    await user.wherry(['rm', '-f', 'later']);
    const once = ['run', '-d', '--rm', '--name', 'once', '--network', 'none', BUSYBOX, 'sleep', '1000'];
    expect((await user.wherry(once)).exitCode).toBe(0);
    expect(await user.wherry(['update', '--restart', 'always', 'once'])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/cannot be updated because AutoRemove/),
    });
    await user.wherry(['rm', '-f', 'once']);
  });

  it('stop, kill and rm -f end it at whatever moment of its turns they come', async () => {
    // Short runs, so that many moments are those of an end or a start.
    const flags = ['--restart', 'always', '--network', 'none', '--stop-timeout', '2'];
    const run = ['run', '-d', '--name', 'turns', ...flags, BUSYBOX, 'sh', '-c', 'echo turn; exit 3'];
    expect((await user.wherry(run)).exitCode).toBe(0);
    for (let round = 0; round < 8; round++) {
      const end = [['stop'], ['stop', '-s', 'INT'], ['kill'], ['stop', '-t', '0']][round % 4] ?? [];
      const result = await user.wherry([...end, 'turns']);
      const state = await user.wherry(['inspect', '-f', '{{.State.Status}}', 'turns']);
      expect(state.stdout, `${end.join(' ')}: ${result.stderr}`).toBe('exited\n');
      expect((await user.wherry(['start', 'turns'])).exitCode).toBe(0);
    }
    expect(await user.wherry(['rm', '-f', 'turns'])).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it('start-all brings back what a restart of the machine ended, and systemd is told how', async () => {
    const run = ['run', '-d', '--network', 'none', '--restart'];
    for (const [name, policy] of [
      ['back', 'always'],
      ['left', 'unless-stopped'],
      ['once', 'no'],
    ] as const) {
      const made = await user.wherry([...run, policy, '--name', name, BUSYBOX, 'sleep', '1000']);
      expect(made.exitCode, made.stderr).toBe(0);
    }
    await user.wherry(['stop', '-t', '0', 'left']);
    for (const name of ['back', 'once']) {
      // Its monitor takes the container along, as a machine that goes down does.
      const { stdout } = await user.wherry(['inspect', '-f', '{{.State.Pid}}', name]);
      const kill =
        'kill -9 $(cut -d" " -f4 /proc/$1/stat); while [ -e /proc/$1/cmdline ]; do sleep 0.05; done';
      await user.run('/bin/sh', ['-c', kill, 'sh', stdout.trim()]);
    }
    expect((await user.wherry(['ps', '-q', '--filter', 'name=back'])).stdout).toBe('');
    expect(await user.wherry(['system', 'start-all'])).toMatchObject({
      stdout: 'back\n',
      stderr: '',
      exitCode: 0,
    });
    expect((await user.wherry(['ps', '-q', '--filter', 'name=back'])).stdout).not.toBe('');
    const unit = (await user.wherry(['generate', 'systemd', '--new', '--name', 'back'])).stdout;
    expect(unit).toMatch(
      /^ExecStart=\/.*\/bin\/wherry run --rm --name back --network none .*busybox sleep 1000$/m,
    );
    expect((await user.wherry(['generate', 'systemd'])).stdout).toMatch(/^ExecStart=\/.* system start-all$/m);
    await user.wherry(['rm', '-f', 'back', 'left', 'once']);
  });

  it.each(['overlay', 'vfs'])(
    'inspect says before a start where its files will be, on %s',
    async (driver) => {
      const flags = ['--network', 'none', '--storage-driver', driver];
      const made = (await user.wherry(['create', ...flags, BUSYBOX, 'touch', '/made'])).stdout.trim();
      const graph = async () => {
        const asked = await user.wherry(['inspect', '-f', '{{json .GraphDriver}}', made]);
        return JSON.parse(asked.stdout) as { Name: string; Data: Record<string, string> };
      };
      const planned = await graph();
      await user.wherry(['start', '-a', made]);
      expect(await graph()).toEqual(planned);
      const { Name, Data } = planned;
      expect(Name).toBe(driver);
      expect((await user.run('ls', [Data.UpperDir ?? Data.Dir ?? ''])).stdout).toContain('made');
      await user.wherry(['rm', made]);
    },
  );

  it('prune removes what does not run', async () => {
    const created = await user.wherry(['create', '--network', 'none', BUSYBOX, 'true']);
    const pruned = await user.wherry(['container', 'prune', '-f']);
    expect(pruned.stdout).toContain(created.stdout.trim());
    expect(pruned.stdout).toMatch(/Total reclaimed space: /);
    expect((await user.wherry(['ps', '-aq', '--no-trunc'])).stdout).toBe(`${id}\n`);
  });

  it('names what can not be', async () => {
    const refused = async (...flags: string[]) =>
      (await user.wherry(['create', ...flags, BUSYBOX, 'true'])).stderr;
    expect(await refused('--restart', 'sometimes')).toMatch(
      /invalid restart policy: unknown policy 'sometimes'/,
    );
    expect(await refused('--restart', 'always', '--rm')).toMatch(/both --restart and --rm/);
    expect(await refused('--ulimit', 'files=3')).toMatch(/invalid ulimit type: files/);
    expect(await refused('--sysctl', 'kernel.hostname=x')).toMatch(/not allowed/);
    expect(await refused('--no-such', '/x')).toMatch(/unknown flag: --no-such/);
  });
});
