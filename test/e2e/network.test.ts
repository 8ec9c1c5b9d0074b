import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { CommandResult } from '../support/command.ts';
import { freePorts } from '../support/ports.ts';
import { asUser, type TestUser, USER_NAMES } from '../support/user.ts';

const BUSYBOX = 'localhost:5000/busybox';
const DEBIAN = 'localhost:5000/debian:bookworm';
const ADDRESS = '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}';

/** Sends a datagram until one comes back, and answers with that. */
async function askByUdp(host: string, port: number, text: string): Promise<string> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  // Refused while nobody listens there yet.
  socket.on('error', () => undefined);
  socket.connect(port, host);
  await once(socket, 'connect');
  const timer = setInterval(() => socket.send(text), 500);
  try {
    socket.send(text);
    const answer = Promise.withResolvers<Buffer>();
    socket.once('message', answer.resolve);
    const limit = setTimeout(
      () => answer.reject(new Error(`nothing comes back from ${host}:${port}`)),
      60_000,
    );
    return (await answer.promise.finally(() => clearTimeout(limit))).toString();
  } finally {
    clearInterval(timer);
    socket.close();
  }
}

/** What is at an address, as soon as somebody listens there: a container runs before its program is ready. */
async function get(url: string): Promise<string> {
  const tried = () => fetch(url, { signal: AbortSignal.timeout(10_000) }).then((answer) => answer.text());
  return await vi.waitUntil(() => tried().catch(() => undefined), { timeout: 60_000, interval: 100 });
}

describe.each(USER_NAMES)('networks of %s', (name) => {
  let user: TestUser;
  const wherry = (...args: string[]): Promise<CommandResult> => user.wherry(args);
  const must = async (...args: string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await user.wherry(args);
    expect(exitCode, `wherry ${args.join(' ')}: ${stderr}`).toBe(0);
    return stdout;
  };
  const detached = (container: string, ...args: string[]): Promise<string> =>
    must('run', '-d', '--name', container, ...args, BUSYBOX, 'sleep', '1000');
  const inside = (network: string, ...command: string[]): Promise<CommandResult> =>
    wherry('run', '--rm', '--network', network, BUSYBOX, ...command);
  const refused = async (pattern: RegExp, status: number, ...args: string[]): Promise<void> => {
    const { exitCode, stderr } = await user.wherry(args);
    expect(stderr).toMatch(pattern);
    expect(exitCode).toBe(status);
    expect(stderr.trim().split('\n').length, stderr).toBeLessThanOrEqual(2);
  };
  /** Addresses of a network's containers, by name. */
  const addresses = async (network: string): Promise<Record<string, string>> => {
    const [{ Containers }] = JSON.parse(await must('network', 'inspect', network)) as [
      { Containers: Record<string, { Name: string; IPv4Address: string }> },
    ];
    return Object.fromEntries(
      Object.values(Containers).map(({ Name, IPv4Address }) => [Name, IPv4Address.split('/')[0] ?? '']),
    );
  };

  beforeAll(async () => {
    user = asUser(name);
    await must('pull', '-q', BUSYBOX);
    await must('pull', '-q', DEBIAN);
  });
  afterAll(() => user.cleanup());

  it('has Docker’s three networks, which can’t be removed', async () => {
    const list = await must('network', 'ls');
    expect(list).toMatch(/^NETWORK ID\s+NAME\s+DRIVER\s+SCOPE$/m);
    expect(list).toMatch(/^[0-9a-f]{12}\s+bridge\s+bridge\s+local$/m);
    expect(list).toMatch(/^[0-9a-f]{12}\s+host\s+host\s+local$/m);
    expect(list).toMatch(/^[0-9a-f]{12}\s+none\s+null\s+local$/m);
    for (const each of ['bridge', 'host', 'none']) {
      await refused(/pre-defined network and cannot be removed/, 1, 'network', 'rm', each);
    }
  });

  it('joins containers on the default bridge by address, not by name', async () => {
    await detached('d1');
    const { d1 = '' } = await addresses('bridge');
    expect(d1).toMatch(/^172\.17\.0\.\d+$/);
    expect((await inside('bridge', 'ping', '-c', '1', '-W', '5', d1)).stdout).toMatch(/1 packets received/);
    expect((await inside('bridge', 'ping', '-c', '1', '-W', '2', 'd1')).stderr).toMatch(/bad address/);
    await must('rm', '-f', 'd1');
  });

  it('joins containers of a network by name, alias and short id, by hosts and by DNS', async () => {
    await must('network', 'create', 'mynet');
    const id = await detached('n1', '--network', 'mynet', '--network-alias', 'db');
    for (const each of ['n1', 'db', id.slice(0, 12)]) {
      expect((await inside('mynet', 'ping', '-c', '1', '-W', '5', each)).stdout).toMatch(
        /1 packets received/,
      );
    }
    const { n1 = '' } = await addresses('mynet');
    // busybox' nslookup asks the name server, whatever /etc/hosts says.
    expect((await inside('mynet', 'nslookup', 'db')).stdout).toContain(`Address: ${n1}`);
    expect((await inside('mynet', 'nslookup', 'nobody')).stdout).toMatch(/can't find nobody/);
    // Who comes later is known to those who were there.
    await detached('n2', '--network', 'mynet');
    const hosts = readFileSync(path.join(user.root, 'containers', id.trim(), 'hosts'), 'utf8');
    expect(hosts).toMatch(/^172\.\d+\.\d+\.\d+\tn2 /m);
    await must('rm', '-f', 'n2');
    expect(readFileSync(path.join(user.root, 'containers', id.trim(), 'hosts'), 'utf8')).not.toMatch(/\tn2 /);
    await refused(/has active endpoints/, 1, 'network', 'rm', 'mynet');
    await must('rm', '-f', 'n1');
    await must('network', 'rm', 'mynet');
  });

  it('keeps networks apart, and connects and disconnects a running container', async () => {
    await must('network', 'create', '-o', 'com.docker.network.bridge.name=br-left', 'left');
    await must('network', 'create', 'right');
    await detached('l1', '--network', 'left');
    await detached('r1', '--network', 'right');
    const { l1 = '' } = await addresses('left');
    const taken = ['network', 'create', '-o', 'com.docker.network.bridge.name=br-left', 'other'];
    await refused(/bridge br-left is that of another network/, 1, ...taken);
    const reach = (): Promise<CommandResult> => inside('right', 'ping', '-c', '1', '-W', '5', 'l1');
    expect((await inside('right', 'ping', '-c', '1', '-W', '1', l1)).stdout).toMatch(/0 packets received/);
    expect((await reach()).stderr).toMatch(/bad address/);
    await must('network', 'connect', 'right', 'l1');
    expect((await reach()).stdout).toMatch(/1 packets received/);
    expect(Object.keys(await addresses('right')).sort()).toEqual(['l1', 'r1']);
    await refused(/already exists in network right/, 1, 'network', 'connect', 'right', 'l1');
    await must('network', 'disconnect', 'right', 'l1');
    expect((await reach()).stderr).toMatch(/bad address/);
    await refused(/is not connected to network right/, 1, 'network', 'disconnect', 'right', 'l1');
    await must('rm', '-f', 'l1', 'r1');
    expect(await must('network', 'prune', '-f')).toMatch(/Deleted Networks:\n(left\nright|right\nleft)\n/);
  });

  it('publishes ports on IPv4, IPv6 and another address of the machine', async () => {
    const port = await freePorts();
    await must(
      'run',
      '-d',
      '--name',
      'web',
      '-p',
      `${port}:80`,
      '-p',
      '127.0.0.1::81',
      BUSYBOX,
      'httpd',
      '-f',
      '-h',
      '/etc',
    );
    const address = Object.values(networkInterfaces())
      .flatMap((each) => each ?? [])
      .find(({ internal, family }) => !internal && family === 'IPv4')?.address;
    const id = (await must('ps', '-q', '--no-trunc')).trim().slice(0, 12);
    for (const host of ['127.0.0.1', '[::1]', ...(address === undefined ? [] : [address])]) {
      expect(await get(`http://${host}:${port}/hostname`)).toBe(`${id}\n`);
    }
    const ports = await must('port', 'web');
    expect(ports).toMatch(
      new RegExp(
        `^80/tcp -> 0\\.0\\.0\\.0:${port}\n80/tcp -> \\[::\\]:${port}\n81/tcp -> 127\\.0\\.0\\.1:\\d+\n$`,
      ),
    );
    expect(await must('port', 'web', '80')).toBe(`0.0.0.0:${port}\n[::]:${port}\n`);
    expect(await must('ps')).toContain(`0.0.0.0:${port}->80/tcp, [::]:${port}->80/tcp`);
    await refused(/port is already allocated/, 125, 'run', '--rm', '-p', `${port}:80`, BUSYBOX, 'true');
    await refused(
      /ports below \d+ are not an ordinary user's/,
      125,
      'run',
      '--rm',
      '-p',
      '1:80',
      BUSYBOX,
      'true',
    );
    expect(await must('ps', '-aq')).toBe(`${id}\n`);
    await must('rm', '-f', 'web');
    // The port is free as soon as the container is gone.
    await must('run', '--rm', '-p', `${port}:80`, BUSYBOX, 'true');
  });

  it('carries UDP, ranges, and what the image exposes', async () => {
    const udp = await freePorts();
    const range = await freePorts(3);
    const echo =
      '$s = IO::Socket::INET->new(Proto => "udp", LocalPort => 5353); print "ready\\n"; ' +
      'while ($s->recv($d, 9000)) { $s->send($d) }';
    const ports = ['-p', `${udp}:5353/udp`, '-p', `${range}-${range + 2}:7001-7003`];
    await must(
      'run',
      '-d',
      '--name',
      'udp',
      ...ports,
      DEBIAN,
      'perl',
      '-MIO::Socket::INET',
      '-e',
      `$| = 1; ${echo}`,
    );
    await expect.poll(() => must('logs', 'udp')).toBe('ready\n');
    for (const host of ['127.0.0.1', '::1']) expect(await askByUdp(host, udp, 'hello')).toBe('hello');
    expect(
      (await must('port', 'udp')).split('\n').filter((line) => /^700[123]\/tcp -> 0\.0\.0\.0:/.test(line)),
    ).toHaveLength(3);
    await must('rm', '-f', 'udp');
    await must('run', '-d', '--name', 'all', '-P', '--expose', '80', BUSYBOX, 'sleep', '1000');
    expect(await must('port', 'all', '80')).toMatch(/^0\.0\.0\.0:\d+\n/);
    await must('rm', '-f', 'all');
  });

  it('shares networks: host, none, container, slirp', async () => {
    expect((await inside('host', 'hostname')).stdout.trim()).toBe(
      readFileSync('/etc/hostname', 'utf8').trim(),
    );
    expect((await inside('none', 'ip', '-o', 'link')).stdout.trim().split('\n')).toHaveLength(1);
    await detached('first');
    const shared = await inside('container:first', 'ip', '-o', 'addr');
    expect(shared.stdout).toContain((await addresses('bridge')).first ?? '-');
    await must('rm', '-f', 'first');
    const slirp = await inside('slirp:mtu=1500,cidr=10.9.8.0/24', 'ip', 'addr');
    expect(slirp.stdout).toMatch(/tap0.*mtu 1500[\s\S]*inet 10\.9\.8\.100\/24/);
    const setting = '/proc/sys/net/ipv4/tcp_congestion_control';
    const uplink = await inside('bridge', 'sh', '-c', `ip route; cat ${setting}`);
    expect(uplink.stdout).toMatch(/^default via 172\.17\.0\.1 dev eth0/m);
    expect(uplink.stdout).toMatch(readFileSync(setting, 'utf8').replace(/^bbr.*/, 'reno'));
  });

  it('gives addresses, hardware address, names and links as asked for', async () => {
    await must(
      'network',
      'create',
      '--subnet',
      '10.77.0.0/24',
      '--ip-range',
      '10.77.0.128/25',
      '--ipv6',
      'plan',
    );
    const show = 'ip addr show eth0';
    const asked = await must(
      'run',
      '--rm',
      '--network',
      'plan',
      '--ip',
      '10.77.0.9',
      '--mac-address',
      '02:42:0a:4d:00:09',
      BUSYBOX,
      'sh',
      '-c',
      show,
    );
    expect(asked).toMatch(/02:42:0a:4d:00:09/);
    expect(asked).toMatch(/inet 10\.77\.0\.9\/24/);
    expect(asked).toMatch(/inet6 fd[0-9a-f:]+\/64 scope global/);
    const chosen = await must('run', '--rm', '--network', 'plan', BUSYBOX, 'sh', '-c', show);
    expect(chosen).toMatch(/inet 10\.77\.0\.128\/24/);
    const names = ['--dns', '192.0.2.7', '--dns-search', 'lab.test', '--add-host', 'box:192.0.2.9'];
    const files = await must('run', '--rm', ...names, BUSYBOX, 'cat', '/etc/resolv.conf', '/etc/hosts');
    expect(files).toMatch(/nameserver 192\.0\.2\.7\nsearch lab\.test/);
    expect(files).toMatch(/^192\.0\.2\.9\tbox$/m);
    await must('run', '-d', '--name', 'pg', '--expose', '5432', '-e', 'MODE=x', BUSYBOX, 'sleep', '1000');
    const linked = await must(
      'run',
      '--rm',
      '--link',
      'pg:db',
      BUSYBOX,
      'sh',
      '-c',
      'env; cat /etc/hosts; ping -c 1 -W 5 db',
    );
    expect(linked).toMatch(/^DB_PORT_5432_TCP_ADDR=172\.17\.0\.\d+$/m);
    expect(linked).toMatch(/^DB_ENV_MODE=x$/m);
    expect(linked.match(/^172\.17\.0\.\d+\tdb [0-9a-f]{12} pg$/gm)).toHaveLength(1);
    expect(linked).toMatch(/1 packets received/);
    await must('rm', '-f', 'pg');
    await must('network', 'rm', 'plan');
  });

  it('keeps containers apart on an internal network, and without inter-container communication', async () => {
    await must('network', 'create', '--internal', 'closed');
    expect((await inside('closed', 'ip', 'route')).stdout).not.toMatch(/default/);
    await must('network', 'create', '-o', 'com.docker.network.bridge.enable_icc=false', 'silent');
    await detached('s1', '--network', 'silent');
    expect((await inside('silent', 'ping', '-c', '1', '-W', '1', 's1')).stdout).toMatch(/0 packets received/);
    await must('rm', '-f', 's1');
    await must('network', 'rm', 'closed', 'silent');
  });

  it('mends a killed uplink, and leaves no process behind', async () => {
    await wherry('rm', '-f', 'up');
    await detached('up');
    const helper = () => user.commands().find((each) => /slirp4netns|pasta/.test(each));
    const before = helper();
    expect(before).toBeDefined();
    process.kill(Number(before?.split(' ')[0]), 'SIGKILL');
    await must('run', '--rm', BUSYBOX, 'true');
    await expect.poll(helper).toBeDefined();
    expect(helper()).not.toBe(before);
    await must('rm', '-f', 'up');
    const helpers = () => user.commands().filter((each) => /network-keeper|slirp4netns|pasta/.test(each));
    await expect.poll(helpers).toEqual([]);
  });

  it('refuses what can’t be in a sentence, and changes nothing', async () => {
    await wherry('network', 'rm', 'tiny');
    await must('network', 'create', '--subnet', '10.66.0.0/30', 'tiny');
    const before = await must('network', 'ls');
    await refused(/Pool overlaps/, 1, 'network', 'create', '--subnet', '10.66.0.0/16', 'other');
    await refused(/already exists/, 1, 'network', 'create', 'tiny');
    await refused(/invalid subnet/, 1, 'network', 'create', '--subnet', '10.66.0.0/40', 'other');
    await refused(
      /no matching subnet for gateway/,
      1,
      'network',
      'create',
      '--subnet',
      '10.67.0.0/24',
      '--gateway',
      '10.68.0.1',
      'other',
    );
    await refused(/has no option "wrong"/i, 1, 'network', 'create', '-o', 'wrong=1', 'other');
    await refused(/network nosuch not found/, 125, 'run', '--rm', '--network', 'nosuch', BUSYBOX, 'true');
    await refused(/network nosuch not found/, 1, 'network', 'inspect', 'nosuch');
    await refused(/invalid ranges specified/, 125, 'run', '--rm', '-p', '8000-8002:80-81', BUSYBOX, 'true');
    await refused(
      /does not belong to network tiny/,
      125,
      'run',
      '--rm',
      '--network',
      'tiny',
      '--ip',
      '10.99.0.1',
      BUSYBOX,
      'true',
    );
    await refused(/user defined networks only/, 125, 'run', '--rm', '--ip', '172.17.0.9', BUSYBOX, 'true');
    await detached('t1', '--network', 'tiny');
    await refused(/no available IPv4 addresses/, 125, 'run', '--rm', '--network', 'tiny', BUSYBOX, 'true');
    await must('run', '-d', '--name', 'h1', '--network', 'host', BUSYBOX, 'sleep', '1000');
    await refused(/cannot be connected to host network/, 1, 'network', 'connect', 'tiny', 'h1');
    await must('rm', '-f', 't1', 'h1');
    expect(await must('network', 'ls')).toBe(before);
    expect(await must('ps', '-aq')).toBe('');
    await must('network', 'rm', 'tiny');
  });

  it('shows the plan of a network and of a container in it, and touches nothing', async () => {
    const plan = await must('network', 'create', '--explain', '--subnet', '10.55.0.0/24', 'seen');
    expect(plan).toMatch(/add bridge br-[0-9a-f]{12}/);
    expect(plan).toMatch(/masquerade 10\.55\.0\.0\/24/);
    expect(await must('network', 'ls')).not.toMatch(/seen/);
    const run = await must('run', '--explain', '-p', '18081:80', BUSYBOX, 'true');
    expect(run).toMatch(/add veth \(peer v[0-9a-f]{14} in shared\) eth0|add veth .* eth0/);
    expect(run).toMatch(/forward tcp \*:18081 to 172\.17\.0\.\d+:80/);
    const slirp = await must('run', '--explain', '--network', 'slirp', '-p', '18081:80', BUSYBOX, 'true');
    expect(slirp).toMatch(/(slirp4netns|pasta)[\s\S]*forward tcp \*:18081 to 10\.0\.2\.100:80/);
    for (const network of ['none', 'host']) {
      expect(await must('run', '--explain', '--network', network, BUSYBOX, 'true')).not.toMatch(
        /veth|slirp4netns/,
      );
    }
    expect(await must('ps', '-aq')).toBe('');
  });

  it('says addresses in inspect', async () => {
    await detached('seen');
    expect((await must('inspect', '-f', ADDRESS, 'seen')).trim()).toBe((await addresses('bridge')).seen);
    await must('rm', '-f', 'seen');
  });
});
