import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type TwoMachines, twoMachines } from '../support/two-machines.ts';
import { asUser, type TestUser, USER_NAMES } from '../support/user.ts';

const BUSYBOX = 'localhost:5000/busybox';

/** A machine and another one beside it, so that nothing depends on what network this one has. */
describe.each(USER_NAMES)('from machine to machine, as %s', (name) => {
  let user: TestUser;
  let machines: TwoMachines;
  let page = '';
  const must = async (...args: string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await user.wherry(args);
    expect(exitCode, `wherry ${args.join(' ')}: ${stderr}`).toBe(0);
    return stdout;
  };
  /** Debian's busybox is linked statically, and its wget breaks down on some hosts. */
  const get = (url: string): readonly string[] => [
    process.execPath,
    '-e',
    'fetch(process.argv[1], { signal: AbortSignal.timeout(10_000) }).then((r) => r.text()).then((t) => process.stdout.write(t))',
    url,
  ];
  /** What is there as soon as somebody listens: a container runs before its program is ready. */
  const reached = (machine: 'here' | 'there', url: string): Promise<string> =>
    vi.waitUntil(() => tried(() => machines.on(machine, ...get(url))), { timeout: 60_000, interval: 100 });
  const bracket = (address: string): string => (address.includes(':') ? `[${address}]` : address);
  const httpd = ['httpd', '-f', '-h', '/etc'];

  beforeAll(async () => {
    user = asUser(name);
    await must('pull', '-q', BUSYBOX);
    machines = await twoMachines();
    user.networkNamespace = machines.namespace;
    page = mkdtempSync(path.join(tmpdir(), 'wherry-page-'));
    writeFileSync(path.join(page, 'hello'), 'hello from there\n');
    machines.serve('busybox', 'httpd', '-f', '-p', '[::]:8000', '-h', page);
    const there = `http://${machines.there.v4}:8000/hello`;
    await reached('here', there);
  });
  afterAll(async () => {
    await user.cleanup();
    machines.remove();
    rmSync(page, { recursive: true });
  });

  it('a published port is reached from the host and from another machine, by IPv4 and IPv6', async () => {
    const web = ['--name', 'web', '--hostname', 'webhost', '-p', '8080:80', BUSYBOX];
    await must('run', '-d', ...web, ...httpd, '-vv');
    const { v4, v6 } = machines.here;
    for (const address of ['127.0.0.1', '::1', v4, v6]) {
      expect(await reached('here', `http://${bracket(address)}:8080/hostname`)).toBe('webhost\n');
    }
    for (const address of [v4, v6]) {
      expect(await reached('there', `http://${bracket(address)}:8080/hostname`)).toBe('webhost\n');
    }
    // Who connects from elsewhere is seen as who it is.
    const { stdout, stderr } = await user.wherry(['logs', 'web']);
    expect(stdout + stderr).toContain(machines.there.v4);
    // The host reaches no container by its own address: these are in a namespace of the user's.
    await must('rm', '-f', 'web');
    await must('network', 'create', '--ipv6', '--ipv4=false', 'six');
    const one = ['--name', 'one', '--network', 'six', '-p', `${v4}:8080:80`, '-p', `[${v6}]:8080:80`];
    await must('run', '-d', ...one, BUSYBOX, ...httpd, '-vv');
    for (const address of [v4, v6]) {
      expect(await reached('there', `http://${bracket(address)}:8080/hostname`)).toMatch(/^[0-9a-f]{12}\n$/);
    }
    expect((await user.wherry(['logs', 'one'])).stderr).toContain(machines.there.v6);
    expect(tried(() => machines.on('here', ...get('http://127.0.0.1:8080/hostname')))).toBeUndefined();
    await must('rm', '-f', 'one');
    await must('network', 'rm', 'six');
  });

  it('with port_handler=pasta the program inside sees who connects', async () => {
    const mode = 'kept';
    await must('network', 'create', '-d', 'slirp', '-o', 'port_handler=pasta', mode);
    const where = ['-p', '8070:80', '-p', '127.0.0.1::80', '-p', '8071:81/udp'];
    const args = ['run', '-d', '--name', 'seen', '--network', mode, ...where, BUSYBOX];
    await must(...args, 'httpd', '-f', '-vv', '-h', '/etc');
    const random = /^80\/tcp -> 127\.0\.0\.1:(\d+)$/m.exec(await must('port', 'seen'))?.[1];
    expect(await must('ps')).toContain(
      `0.0.0.0:8070->80/tcp, 127.0.0.1:${random}->80/tcp, [::]:8070->80/tcp`,
    );
    const { v4, v6 } = machines.here;
    // It is ready; its address of IPv6 may be a moment away.
    for (const [machine, address, port] of [
      ...[v4, v6].map((each) => ['there', each, '8070'] as const),
      ...['127.0.0.1', '::1', v4].map((each) => ['here', each, '8070'] as const),
      ['here', '127.0.0.1', random] as const,
    ]) {
      const answer = await reached(machine, `http://${bracket(address)}:${port}/hostname`);
      expect(answer).toMatch(/^[0-9a-f]{12}\n$/);
    }
    const { stdout, stderr } = await user.wherry(['logs', 'seen']);
    for (const address of [machines.there.v4, machines.there.v6]) expect(stdout + stderr).toContain(address);
    const refused = await user.wherry([
      'run',
      '--rm',
      '--network',
      'slirp:port_handler=pasta',
      '-p',
      '8070:80',
      BUSYBOX,
      'true',
    ]);
    expect(refused).toMatchObject({
      exitCode: 125,
      stderr: expect.stringMatching(/port is already allocated/),
    });
    await must('rm', '-f', 'seen');
    await must('network', 'rm', mode);
  });

  it('another machine is reached through the uplink, by IPv4 and IPv6, and pinged', async () => {
    const { v4, v6 } = machines.there;
    const all = [
      `ping -c 1 -W 5 ${v4}`,
      `timeout 10 wget -qO- http://${v4}:8000/hello`,
      // The address is advertised within a second.
      `for i in 1 2 3 4 5 6 7 8; do timeout 5 wget -qO- http://[${v6}]:8000/hello && break; sleep 1; done`,
    ].join('; ');
    await must('network', 'create', '--ipv6', 'six');
    for (const network of ['six', 'slirp']) {
      const { stdout, stderr } = await user.wherry([
        'run',
        '--rm',
        '--network',
        network,
        BUSYBOX,
        'sh',
        '-c',
        all,
      ]);
      expect(stdout.match(/hello from there/g), `${network}: ${stdout}${stderr}`).toHaveLength(2);
      expect(stdout).toMatch(/1 packets received/);
    }
    const closed = await user.wherry([
      'run',
      '--rm',
      '--network',
      'none',
      BUSYBOX,
      'wget',
      `http://${v4}:8000/hello`,
    ]);
    expect(closed.stderr).toMatch(/unreachable/i);
    await must('network', 'rm', 'six');
  });

  it('does with pasta what it does with slirp4netns, and with neither what needs no uplink', async () => {
    const { v4 } = machines.there;
    const programs = mkdtempSync(path.join(tmpdir(), 'wherry-programs-'));
    execFileSync('sh', [
      '-ec',
      `chmod 755 ${programs}; cp -as /usr/bin/. ${programs}; rm ${programs}/slirp4netns`,
    ]);
    let other = asUser(name);
    try {
      await other.wherry(['pull', '-q', BUSYBOX]);
      other.networkNamespace = machines.namespace;
      const run = (...args: string[]) => other.wherry(['run', '--rm', ...args], { env: { PATH: programs } });
      const fetch = ['timeout', '10', 'wget', '-qO-', `http://${v4}:8000/hello`];
      for (const network of ['bridge', 'slirp']) {
        const { stdout, stderr } = await run('--network', network, BUSYBOX, ...fetch);
        expect(stdout, `${network}: ${stderr}`).toBe('hello from there\n');
      }
      // What runs already stays; so a third one, for whom there is nothing from the beginning.
      await other.cleanup();
      other = asUser(name);
      await other.wherry(['pull', '-q', BUSYBOX]);
      other.networkNamespace = machines.namespace;
      execFileSync('sh', ['-ec', `rm -f ${programs}/pasta* ${programs}/passt*`]);
      for (const network of ['bridge', 'slirp']) {
        const args = [
          'run',
          '-d',
          '--name',
          network,
          '--network',
          network,
          '-p',
          '8081:80',
          BUSYBOX,
          ...httpd,
        ];
        const { exitCode, stderr } = await other.wherry(args, { env: { PATH: programs } });
        expect(exitCode, stderr).toBe(0);
        expect(stderr).toMatch(/install slirp4netns or passt/);
        expect(stderr.trim().split('\n')).toHaveLength(1);
        expect(await reached('here', 'http://127.0.0.1:8081/hostname')).toMatch(/^[0-9a-f]{12}\n$/);
        await other.wherry(['rm', '-f', network]);
      }
    } finally {
      await other.cleanup();
      rmSync(programs, { recursive: true });
    }
  });
});

function tried<T>(what: () => T): T | undefined {
  try {
    return what();
  } catch {
    // Not there yet, or not to be reached: what the caller asks.
    return undefined;
  }
}
