import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { AttachRequest, Facts, NetworkConfig } from '../../../core/src/plugin/contract.ts';
import type { NetworkDriver } from '../../../core/src/plugin/drivers.ts';
import { openNative } from '../../../test/contract/native.ts';
import { FACTS } from '../../../test/contract/subject.ts';

const source: object = await import(join(import.meta.dirname, '../src/index.ts'));
const { driver } = openNative<NetworkDriver>(source);
const port = { protocol: 'tcp', hostIp: '127.0.0.1', hostPort: 8080, containerPort: 80 } as const;
const network = (options: Record<string, string> = {}): NetworkConfig => ({
  ...{ id: 'a'.repeat(64), name: 'slirp', subnets: [], internal: false, ipv6: false },
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

test.each([
  [{ cidr: '10.0.0.0/8' }, /no subnet for an uplink/],
  [{ cidr: '10.9.8.1/24' }, /no subnet for an uplink/],
  [{ mtu: '70000' }, /68 to 65521/],
  [{ mtu: 'large' }, /whole number/],
])('refuses %j', (options, why) => expect(() => driver.validate(network(options), FACTS)).toThrow(why));

test('gives its own subnet, and no other', () => {
  const subnets = [{ cidr: '10.1.0.0/24', gateway: undefined, ipRange: undefined }];
  expect(() => driver.createNetwork({ ...network(), subnets }, FACTS)).toThrow(/gives its own/);
});
