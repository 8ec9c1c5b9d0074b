import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { AttachRequest, Facts, NetworkConfig } from '../../../core/src/plugin/contract.ts';
import type { NetworkDriver } from '../../../core/src/plugin/drivers.ts';
import { openNative } from '../../../test/contract/native.ts';
import { CONTAINER, FACTS } from '../../../test/contract/subject.ts';

const source: object = await import(join(import.meta.dirname, '../src/index.ts'));
const ID = '0123456789ab'.padEnd(64, 'c');
const BRIDGE = 'br-0123456789ab';
const wished = (more: Partial<NetworkConfig> = {}): NetworkConfig => ({
  ...{ id: ID, name: 'lab', subnets: [], internal: false, ipv4: true, ipv6: false, options: [] },
  ...more,
});
const subnet = (cidr: string) => ({ cidr, gateway: undefined, ipRange: undefined });
const option = (key: string, value: string) => ({ key: `com.docker.network.${key}`, value });
const open = () => openNative<NetworkDriver>(source);
const create = (config: NetworkConfig, facts: Facts = FACTS) => {
  const { driver, commit } = open();
  const { config: complete, steps } = commit(driver.createNetwork(config, facts));
  return { driver, commit, config: complete, operations: steps.map((step) => step.do), steps };
};
const request = (network: NetworkConfig, more: Partial<AttachRequest> = {}): AttachRequest => ({
  ...{ container: CONTAINER, network, ports: [], facts: FACTS, previous: undefined },
  endpoint: { interfaceName: 'eth0', addresses: ['172.17.0.2/16'], mac: '02:42:ac:11:00:02', aliases: [] },
  ...more,
});

describe('a network', () => {
  test('is an uplink, a bridge with its gateway, and rules; the bridge comes up last', () => {
    const { config, operations, steps } = create(wished());
    expect(config.subnets).toEqual([{ cidr: '172.17.0.0/16', gateway: '172.17.0.1', ipRange: undefined }]);
    expect(operations.map(({ tag }) => tag)).toEqual([
      ...['helper', 'link-add', 'sysctl-set', 'addr-add', 'firewall-add', 'firewall-add', 'link-set'],
    ]);
    expect(operations).toContainEqual({
      tag: 'addr-add',
      val: { namespace: 'shared', link: BRIDGE, address: '172.17.0.1/16' },
    });
    expect(operations.at(-1)).toEqual({
      tag: 'link-set',
      val: { namespace: 'shared', name: BRIDGE, up: true },
    });
    expect(steps[1]?.undo).toEqual({ tag: 'link-remove', val: { namespace: 'shared', name: BRIDGE } });
  });

  test('has the first pool that neither the host nor another network has', () => {
    const facts = { ...FACTS, routes: ['172.17.0.0/16', '172.18.4.0/24', '172.16.0.0/24'] };
    expect(create(wished(), facts).config.subnets[0]?.cidr).toBe('172.19.0.0/16');
    const { driver } = create(wished(), facts);
    const second = driver.createNetwork(wished({ id: 'f'.repeat(64) }), facts).value;
    expect(second.config.subnets[0]?.cidr).not.toBe('172.17.0.0/16');
    const full = { ...FACTS, routes: ['172.16.0.0/12', '192.168.0.0/16'] };
    expect(() => create(wished(), full)).toThrow(/non-overlapping IPv4 address pool/);
  });

  test('asks for an uplink of IPv6 where the host has a way for it', () => {
    const uplink = (facts: Facts): readonly string[] => {
      const helper = create(wished(), facts).operations.find(({ tag }) => tag === 'helper');
      return helper?.tag === 'helper' ? [helper.val.program, ...helper.val.arguments] : [];
    };
    expect(uplink(FACTS)).not.toContain('--enable-ipv6');
    expect(uplink({ ...FACTS, routes: ['::/0'] })).toContain('--enable-ipv6');
    expect(uplink({ ...FACTS, programs: ['pasta'] })).toContain('--ipv4-only');
    expect(uplink({ ...FACTS, programs: ['pasta'], routes: ['::/0'] })).not.toContain('--ipv4-only');
    expect(uplink({ ...FACTS, programs: [] })).toEqual([]);
    expect(uplink({ ...FACTS, tun: false })).toEqual([]);
  });

  test('that is internal has no uplink, and lets nothing out or in', () => {
    const { operations } = create(wished({ internal: true }));
    expect(operations.some(({ tag }) => tag === 'helper')).toBe(false);
    const rules = operations.flatMap((each) => (each.tag === 'firewall-add' ? [each.val.rule] : []));
    expect(rules).toEqual([
      { tag: 'isolate', val: { fromLink: BRIDGE, toLink: '*' } },
      { tag: 'isolate', val: { fromLink: '*', toLink: BRIDGE } },
    ]);
  });

  test('follows Docker’s options', () => {
    const options = [
      option('driver.mtu', '1400'),
      option('bridge.enable_icc', 'false'),
      option('bridge.enable_ip_masquerade', 'false'),
    ];
    const { operations } = create(wished({ options }));
    expect(operations).toContainEqual({
      tag: 'link-add',
      val: expect.objectContaining({ name: BRIDGE, mtu: 1400 }),
    });
    const rules = operations.flatMap((each) => (each.tag === 'firewall-add' ? [each.val.rule.tag] : []));
    expect(rules).toEqual(['isolate', 'isolate']);
    const tiny = [option('driver.mtu', '5')];
    expect(() => create(wished({ options: tiny }))).toThrow(/MTU of network lab is out of range/);
  });

  test('has a bridge of the name that was asked for, as long as that is nobody else’s', () => {
    const named = (name: string, id = ID) => wished({ id, options: [option('bridge.name', name)] });
    const { driver, commit, config, operations } = create(named('br-lab'));
    expect(operations).toContainEqual({
      tag: 'link-set',
      val: { namespace: 'shared', name: 'br-lab', up: true },
    });
    expect(driver.attach(request(config)).value.steps[1]?.do).toMatchObject({ val: { master: 'br-lab' } });
    // It is made again each time that the namespace is.
    expect(commit(driver.createNetwork(config, FACTS)).steps).toHaveLength(operations.length);
    expect(() => driver.createNetwork(named('br-lab', 'f'.repeat(64)), FACTS)).toThrow(
      /that of another network/,
    );
    const gone = commit(driver.removeNetwork(config));
    expect(gone.at(-1)?.do).toMatchObject({ tag: 'link-remove', val: { name: 'br-lab' } });
    commit(driver.createNetwork(named('br-lab', 'f'.repeat(64)), FACTS));
    for (const name of ['lab0', 'br-', 'br-a/b', 'br-0123456789ab', '']) {
      const attempt = () => driver.validate(named(name), FACTS);
      if (name === '') expect(attempt).not.toThrow();
      else expect(attempt, name).toThrow(/bridge of network lab can’t have the name/);
    }
  });

  test('says of Docker’s options that can’t be otherwise why that is so', () => {
    const { driver } = open();
    const attempt = (key: string, value: string) => () =>
      driver.validate(wished({ options: [option(key, value)] }), FACTS);
    for (const [key, fine, wrong] of [
      ['bridge.gateway_mode_ipv4', 'nat', 'routed'],
      ['bridge.gateway_mode_ipv6', 'nat', 'isolated'],
      ['bridge.inhibit_ipv4', 'false', 'true'],
      ['bridge.trusted_host_interfaces', '', 'eth1'],
      ['host_ipv4', '', '192.0.2.1'],
    ] as const) {
      expect(attempt(key, fine), key).not.toThrow();
      expect(attempt(key, wrong)).toThrow(`option com.docker.network.${key} can’t be ${wrong}: `);
    }
    expect(attempt('bridge.host_binding_ipv4', '127.0.0.1')).not.toThrow();
    expect(attempt('bridge.host_binding_ipv4', '127.0.0.256')).toThrow(/is no IPv4 address/);
    expect(attempt('container_iface_prefix', 'net')).not.toThrow();
    for (const prefix of ['', '0', 'a b', 'thirteenchars']) {
      expect(attempt('container_iface_prefix', prefix), prefix).toThrow(/can’t have names that begin with/);
    }
  });

  test('overlaps with no other', () => {
    const { driver } = create(wished({ subnets: [subnet('10.5.0.0/16')] }));
    const other = wished({ id: 'f'.repeat(64), subnets: [subnet('10.5.7.0/24')] });
    expect(() => driver.createNetwork(other, FACTS)).toThrow(/Pool overlaps/);
    const uplinks = wished({ id: 'e'.repeat(64), subnets: [subnet('10.0.2.0/25')] });
    expect(() => driver.createNetwork(uplinks, FACTS)).toThrow(/Pool overlaps with the uplink’s/);
    expect(() => driver.createNetwork({ ...uplinks, internal: true }, FACTS)).not.toThrow();
  });

  test('is taken down as often as one likes', () => {
    const { driver, commit, config } = create(wished());
    const first = commit(driver.removeNetwork(config));
    expect(first.map(({ do: { tag } }) => tag)).toEqual([
      'firewall-remove',
      'firewall-remove',
      'link-remove',
    ]);
    expect(commit(driver.removeNetwork(config))).toEqual(first);
  });
});

describe('a container', () => {
  test('has a veth pair, its address, a way out, and its ports', () => {
    const { driver, config } = create(wished());
    const port = { protocol: 'tcp', hostIp: '', hostPort: 8080, containerPort: 80 } as const;
    const { sharing, attachment, steps } = driver.attach(request(config, { ports: [port] })).value;
    expect(sharing).toBe('own');
    expect(attachment).toMatchObject({ gateways: ['172.17.0.1'], nameServers: ['172.17.0.1'] });
    expect(steps.map(({ do: { tag } }) => tag)).toEqual([
      ...['link-add', 'link-set', 'addr-add', 'link-set', 'route-add', 'forward'],
    ]);
    const peer = `v01234${CONTAINER.slice(0, 9)}`;
    expect(steps[0]?.undo).toEqual({ tag: 'link-remove', val: { namespace: 'shared', name: peer } });
    expect(steps.at(-1)?.do).toEqual({
      tag: 'forward',
      val: { protocol: 'tcp', hostIp: '', hostPort: 8080, containerIp: '172.17.0.2', containerPort: 80 },
    });
  });

  test('has its ports at the address that the network is bound to', () => {
    const { driver, config } = create(wished({ options: [option('bridge.host_binding_ipv4', '127.0.0.1')] }));
    const port = { protocol: 'udp', hostIp: '', hostPort: 53, containerPort: 53 } as const;
    const steps = driver.attach(request(config, { ports: [port] })).value.steps;
    expect(steps.at(-1)?.do).toMatchObject({ tag: 'forward', val: { hostIp: '127.0.0.1' } });
  });

  test('of an internal network has no route', () => {
    const { driver, config } = create(wished({ internal: true }));
    const { attachment, steps } = driver.attach(request(config)).value;
    expect(attachment?.gateways).toEqual([]);
    expect(steps.some((step) => step.do.tag === 'route-add')).toBe(false);
  });

  test('without a port of its own can’t be given one', () => {
    const { driver, config } = create(wished());
    const port = { protocol: 'tcp', hostIp: '', hostPort: 8080, containerPort: 80 } as const;
    expect(() => driver.addPort('f'.repeat(64), config, port)).toThrow(/no address on network lab/);
  });
});
