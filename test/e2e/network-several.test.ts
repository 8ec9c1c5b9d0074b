import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asUser, type TestUser, USER_NAMES } from '../support/user.ts';

const BUSYBOX = 'localhost:5000/busybox';

describe.each(USER_NAMES)('several networks of a container of %s', (name) => {
  let user: TestUser;
  const must = async (...args: string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await user.wherry(args);
    expect(exitCode, `wherry ${args.join(' ')}: ${stderr}`).toBe(0);
    return stdout;
  };
  const refused = async (pattern: RegExp, status: number, ...args: string[]): Promise<void> => {
    const { exitCode, stderr } = await user.wherry(args);
    expect(stderr).toMatch(pattern);
    expect(exitCode).toBe(status);
    expect(stderr.trim().split('\n').length, stderr).toBeLessThanOrEqual(2);
  };
  const inside = (container: string, script: string): Promise<string> =>
    must('exec', container, 'sh', '-c', script);

  beforeAll(async () => {
    user = asUser(name);
    await must('pull', '-q', BUSYBOX);
    await must('network', 'create', '--subnet', '10.71.0.0/24', 'front');
    await must('network', 'create', '--subnet', '10.72.0.0/24', 'back');
    await must('network', 'create', '--subnet', '10.73.0.0/24', 'late');
  });
  afterAll(() => user.cleanup());

  it('come by repeated --network, each with wishes of its own', async () => {
    const sleep = [BUSYBOX, 'sleep', '1000'];
    await must('run', '-d', '--name', 'db', '--network', 'back', ...sleep);
    await must(
      ...[
        'run',
        '-d',
        '--name',
        'app',
        '--network',
        'name=front,alias=site,ip=10.71.0.20,link-local-ip=169.254.7.20',
      ],
      ...[
        '--network',
        'name=back,gw-priority=5,mac-address=02:42:0a:48:00:09,driver-opt=com.docker.network.endpoint.ifname=inner',
      ],
      ...sleep,
    );
    const seen = await inside(
      'app',
      'ip addr show eth0; ip addr show inner; ip route show default; ping -c 1 -W 5 db',
    );
    expect(seen).toMatch(/inet 10\.71\.0\.20\/24/);
    expect(seen).toMatch(/inet 169\.254\.7\.20\/16/);
    expect(seen).toMatch(/02:42:0a:48:00:09/);
    expect(seen).toMatch(/default via 10\.72\.0\.1 dev inner/);
    expect(seen).toMatch(/1 packets received/);
    const networks = JSON.parse(
      await must('inspect', '-f', '{{json .NetworkSettings.Networks}}', 'app'),
    ) as Record<string, { IPAddress: string; GwPriority: number; Aliases: string[] | null }>;
    expect(networks.front).toMatchObject({ IPAddress: '10.71.0.20', GwPriority: 0, Aliases: ['site'] });
    expect(networks.back).toMatchObject({ GwPriority: 5, Aliases: null });
    // DNS of either network answers for both.
    const asked = await must('run', '--rm', '--network', 'front', BUSYBOX, 'nslookup', '-type=A', 'site');
    expect(asked).toContain('Address: 10.71.0.20');
    for (const server of ['10.71.0.1', '10.72.0.1']) {
      expect(await inside('app', `nslookup -type=A db ${server}`)).toMatch(/Address: 10\.72\.0\.2/);
    }
  });

  it('come and go while it runs: address, alias, link, options, default route, resolv.conf', async () => {
    await user.wherry(['rm', '-f', 'plain']);
    const options = 'com.docker.network.endpoint.sysctls=net.ipv4.conf.IFNAME.log_martians=1';
    await must('run', '-d', '--name', 'plain', BUSYBOX, 'sleep', '1000');
    const before = await inside('plain', 'cat /etc/resolv.conf');
    await must(
      'network',
      'connect',
      '--ip',
      '10.72.0.50',
      '--alias',
      'other',
      '--link',
      'db:store',
      'back',
      'plain',
    );
    expect(
      await inside('plain', 'ip -4 -o addr show eth1; ping -c 1 -W 5 store; ip route show default'),
    ).toMatch(/inet 10\.72\.0\.50\/24[\s\S]*1 packets received[\s\S]*default via 172\.17\.0\.1/);
    expect(await inside('db', 'ping -c 1 -W 5 other')).toMatch(/1 packets received/);
    expect(await inside('plain', 'cat /etc/resolv.conf; nslookup -type=A db')).toMatch(
      /^nameserver 10\.72\.0\.1[\s\S]*Address: 10\.72\.0\.2/,
    );
    await must('network', 'connect', '--gw-priority', '1', '--driver-opt', options, 'late', 'plain');
    expect(
      await inside('plain', 'ip route show default; cat /proc/sys/net/ipv4/conf/eth2/log_martians'),
    ).toMatch(/^default via 10\.73\.0\.1 dev eth2[\s\S]*\n1\n$/);
    await must('network', 'disconnect', 'late', 'plain');
    await must('network', 'disconnect', 'back', 'plain');
    expect(await inside('plain', 'ip route show default')).toMatch(/^default via 172\.17\.0\.1/);
    expect(await inside('plain', 'cat /etc/resolv.conf')).toBe(before);
    expect(await inside('plain', 'cat /etc/hosts')).not.toMatch(/store/);
    await must('rm', '-f', 'plain');
  });

  it('are refused where they don’t go together, and nothing is made', async () => {
    const run = ['run', '--rm', '--name', 'never'];
    const busybox = [BUSYBOX, 'true'];
    const two = (...networks: string[]): string[] => networks.flatMap((each) => ['--network', each]);
    const mixed = /cannot attach both user-defined and non-user-defined/;
    await refused(mixed, 125, ...run, ...two('bridge', 'front'), ...busybox);
    await refused(mixed, 125, ...run, ...two('front', 'host'), ...busybox);
    await refused(
      /"front" is specified multiple times/,
      125,
      ...run,
      ...two('front', 'name=front'),
      ...busybox,
    );
    await refused(/network nosuch not found/, 125, ...run, ...two('front', 'nosuch'), ...busybox);
    await refused(
      /does not belong to network back/,
      125,
      ...run,
      ...two('front', 'name=back,ip=10.9.9.9'),
      ...busybox,
    );
    await refused(/invalid field key color/, 125, ...run, ...two('name=front,color=red'), ...busybox);
    await refused(/name\/id is not specified/, 125, ...run, ...two('alias=x'), ...busybox);
    const both = /cannot specify both --ip and per-network IPv4 address/;
    await refused(both, 125, ...run, '--ip', '10.71.0.9', ...two('name=front,ip=10.71.0.8'), ...busybox);
    await refused(
      /has no option "color"/,
      1,
      'network',
      'connect',
      '--driver-opt',
      'color=red',
      'late',
      'db',
    );
    await refused(/No such container: nosuch/, 1, 'network', 'connect', '--link', 'nosuch:x', 'late', 'db');
    const taken = 'com.docker.network.endpoint.ifname=eth0';
    await refused(/would have the name eth0/, 1, 'network', 'connect', '--driver-opt', taken, 'late', 'db');
    await refused(/in use/, 1, 'network', 'connect', '--ip', '10.71.0.20', 'front', 'db');
    expect(await must('ps', '-a', '--format', '{{.Names}}')).toMatch(/^(app\ndb|db\napp)\n$/);
    expect(await must('network', 'inspect', '-f', '{{len .Containers}}', 'late')).toBe('0\n');
    await must('network', 'connect', '--link-local-ip', 'fe80::7:20', 'late', 'db');
    expect(await inside('db', 'ip addr show eth1')).toMatch(/inet6 fe80::7:20\/64/);
    const config = '{{json .NetworkSettings.Networks.late.IPAMConfig}}';
    expect(await must('inspect', '-f', config, 'db')).toBe('{"LinkLocalIPs":["fe80::7:20"]}\n');
    await must('rm', '-f', 'app', 'db');
  });

  it('a network can have IPv6 alone, and addresses that no container gets', async () => {
    const subnets = ['--ipv4=false', '--ipv6', '--subnet', 'fd00:77::/64', '--aux-address', 'r=fd00:77::2'];
    await must('network', 'create', ...subnets, 'six');
    expect(await must('network', 'inspect', '-f', '{{.EnableIPv4}} {{.EnableIPv6}}', 'six')).toBe(
      'false true\n',
    );
    await must('run', '-d', '--name', 'web', '--network', 'six', BUSYBOX, 'httpd', '-f', '-h', '/etc');
    const look =
      'ip -o addr show eth0; nslookup web; until wget -qO- http://web/hostname; do sleep 0.2; done';
    const seen = await must('run', '--rm', '--network', 'six', BUSYBOX, 'sh', '-c', look);
    expect(seen).not.toMatch(/inet /);
    expect(seen).toMatch(/inet6 fd00:77::4\/64/);
    expect(seen).toMatch(/Address: fd00:77::3/);
    expect(seen).toMatch(/^[0-9a-f]{12}$/m);
    await must('rm', '-f', 'web');
    await must('network', 'rm', 'six');
    await refused(/IPv4 or IPv6 must be enabled/, 1, 'network', 'create', '--ipv4=false', 'none6');
    await refused(/--scope=swarm: is no scope/, 1, 'network', 'create', '--scope', 'swarm', 'none6');
  });

  it('a container starts again while another one has the network that it had', async () => {
    await must('run', '-d', '--name', 'first', '--network', 'front', BUSYBOX, 'sleep', '1000');
    await must('run', '-d', '--name', 'guest', '--network', 'container:first', BUSYBOX, 'sleep', '1000');
    expect(await inside('guest', 'ip -o addr show eth0')).toMatch(/inet 10\.71\.0\.2\/24/);
    // The guest still answers for the address.
    await must('stop', '-t', '0', 'first');
    const look = 'ip -o addr show eth0; ping -c 1 -W 5 10.71.0.2';
    const other = await must('run', '--rm', '--network', 'front', BUSYBOX, 'sh', '-c', look);
    expect(other).toMatch(/inet 10\.71\.0\.3\/24[\s\S]*1 packets received/);
    await must('start', 'first');
    expect(await inside('first', 'ip -o addr show eth0')).toMatch(/inet 10\.71\.0\.2\/24/);
    await must('exec', 'guest', 'true');
    // Of the networks that it is in when it starts, the first has eth0.
    await must('stop', '-t', '0', 'first');
    await must('network', 'connect', 'late', 'first');
    await must('network', 'disconnect', 'front', 'first');
    await must('start', 'first');
    expect(
      await inside('first', 'ip -o addr show eth0; nslookup 10.73.0.2; nslookup -type=A first.late'),
    ).toMatch(
      /inet 10\.73\.0\.2\/24[\s\S]*name = first\.late\n[\s\S]*Name:\s+first\.late\nAddress: 10\.73\.0\.2/,
    );
    await must('run', '-d', '--name', 'heir', '--network', 'container:first', BUSYBOX, 'sleep', '1000');
    await must('rm', '-f', 'first');
    expect(await inside('heir', 'ip -o addr')).not.toMatch(/eth0/);
    await must('rm', '-f', 'guest', 'heir');
    await refused(/only one instance of "host" network/, 1, 'network', 'create', '-d', 'host', 'h2');
    const exposed = ['run', '--rm', '--network', 'container:first', '--expose', '80', BUSYBOX, 'true'];
    await refused(/port exposing and the container type network mode/, 125, ...exposed);
    // Nothing listens there.
    const { exitCode, stderr } = await user.wherry([
      'run',
      '--rm',
      '--network',
      'host',
      '-p',
      '80:80',
      BUSYBOX,
      'true',
    ]);
    expect(stderr).toMatch(/Published ports are discarded when using host network mode/);
    expect(exitCode).toBe(0);
  });
});
