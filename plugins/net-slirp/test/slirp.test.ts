import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { AttachRequest, Facts, NetworkConfig } from '../../../core/src/plugin/contract.ts';
import type { NetworkDriver } from '../../../core/src/plugin/drivers.ts';
import { openNative } from '../../../test/contract/native.ts';
import { FACTS } from '../../../test/contract/subject.ts';

const source: object = await import(join(import.meta.dirname, '../src/index.ts'));
const { driver } = openNative<NetworkDriver>(source);
const port = { protocol: 'tcp', hostIp: '127.0.0.1', hostPort: 8080, containerPort: 80 } as const;
const network = (options: Record<string, string> = {}): NetworkConfig => ({
  ...{ id: 'a'.repeat(64), name: 'slirp', subnets: [], internal: false, ipv4: true, ipv6: false },
  options: Object.entries(options).map(([key, value]) => ({ key, value })),
});
const request = (config: NetworkConfig, facts: Facts = FACTS): AttachRequest => ({
  ...{ container: 'c', network: config, ports: [port], facts, previous: undefined },
  endpoint: { interfaceName: 'eth0', addresses: [], mac: undefined, aliases: [] },
});

test('a container has an uplink of its own, and its ports lead to that', () => {
  const { sharing, attachment, steps } = driver.attach(
    request(network({ mtu: '1500', cidr: '10.9.8.0/24' })),
  ).value;
  expect(sharing).toBe('own');
  expect(attachment).toMatchObject({
    ...{
      interfaceName: 'tap0',
      addresses: ['10.9.8.100/24'],
      gateways: ['10.9.8.2'],
      nameServers: ['10.9.8.3'],
    },
  });
  const helper = steps.find((step) => step.do.tag === 'helper')?.do;
  expect(helper).toMatchObject({
    val: { program: 'slirp4netns', namespace: 'container', lifetime: 'container' },
  });
  expect(JSON.stringify(helper)).toMatch(/--mtu=1500","--cidr=10\.9\.8\.0\/24","--disable-host-loopback/);
  expect(steps.at(-1)?.do).toMatchObject({
    tag: 'forward',
    val: { hostPort: 8080, containerIp: '10.9.8.100' },
  });
});

test('without slirp4netns or pasta its published ports work all the same', () => {
  const { steps } = driver.attach(request(network(), { ...FACTS, programs: [] })).value;
  expect(steps.map((step) => step.do.tag)).toEqual(['link-set', 'addr-add', 'forward']);
  expect(steps[1]?.do).toMatchObject({
    val: { namespace: 'container', link: 'lo', address: '10.0.2.100/32' },
  });
});

describe('with port_handler=pasta', () => {
  const config = network({ port_handler: 'pasta' });
  const ports = (facts: Facts, ...all: readonly AttachRequest['ports'][number][]) => {
    const { steps } = driver.attach({ ...request(config, facts), ports: all }).value;
    expect(steps.filter((step) => step.do.tag === 'forward')).toEqual([]);
    const helper = steps.find((step) => step.do.tag === 'helper')?.do;
    if (helper?.tag !== 'helper') throw new Error('no helper');
    expect(helper.val.program).toBe('pasta');
    return helper.val.arguments.filter((word) => /^--(?:tcp|udp)-ports/.test(word));
  };

  test('pasta listens, whichever else there is, on ranges as far as they go', () => {
    const at = (hostPort: number, containerPort = hostPort, change = {}) => ({
      ...port,
      ...{ hostIp: '', hostPort, containerPort },
      ...change,
    });
    expect(ports(FACTS)).toEqual(['--tcp-ports=none', '--udp-ports=none']);
    expect(
      ports(
        FACTS,
        ...[at(8080, 80), at(8081, 81), at(8090), port, at(53, 5353, { protocol: 'udp' as const })].map(
          (each, i) => (i === 3 ? { ...each, hostPort: 9000 } : each),
        ),
      ),
    ).toEqual([
      '--tcp-ports=8080-8081:80-81,8090:8090',
      '--tcp-ports=127.0.0.1/9000:80',
      '--udp-ports=53:5353',
    ]);
    const many = Array.from({ length: 400 }, (_, i) => at(10_000 + 2 * i));
    const options = ports(FACTS, ...many);
    expect(options.every((option) => option.length < 1000)).toBe(true);
    expect(options.join().match(/\d+:\d+/g)).toHaveLength(400);
  });

  test.each([
    [{ ...FACTS, programs: ['slirp4netns'] }, [port], /needs pasta, which this machine doesn’t have/],
    [FACTS, [{ ...port, hostIp: '::1' }], /no way out by IPv6/],
    [FACTS, [port, { ...port, hostIp: '127.0.0.2' }], /of two addresses/],
  ])('refuses what pasta can’t do', (facts, all, why) => {
    expect(() => driver.attach({ ...request(config, facts), ports: all })).toThrow(why);
  });
});

test.each([
  [{ port_handler: 'slirp4netns' }, /carries no ports/],
  [{ cidr: '10.0.0.0/8' }, /no subnet for an uplink/],
  [{ cidr: '10.9.8.1/24' }, /no subnet for an uplink/],
  [{ mtu: '70000' }, /68 to 65521/],
  [{ mtu: 'large' }, /whole number/],
])('refuses %j', (options, why) => expect(() => driver.validate(network(options), FACTS)).toThrow(why));

test('gives its own subnet, and no other', () => {
  const subnets = [{ cidr: '10.1.0.0/24', gateway: undefined, ipRange: undefined }];
  expect(() => driver.createNetwork({ ...network(), subnets }, FACTS)).toThrow(/gives its own/);
});
