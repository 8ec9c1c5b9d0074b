import { describe, expect, it } from 'vitest';
import { emptyConfig } from '../../src/network/builtin.ts';
import {
  checkDriverOptions,
  interfaceName,
  interfacePrefix,
  interfaceSettings,
  refuseSameName,
} from '../../src/network/endpoint-options.ts';
import { checkLinkLocal } from '../../src/network/flags.ts';

const NAME = 'com.docker.network.endpoint.ifname';
const SYSCTLS = 'com.docker.network.endpoint.sysctls';

describe('options of an endpoint', () => {
  it('name its interface', () => {
    expect(interfaceName({ position: 2 })).toBe('eth2');
    expect(interfaceName({ position: 2, driverOptions: checkDriverOptions([`${NAME}=lan-0`]) })).toBe(
      'lan-0',
    );
  });

  it('leave its name to the network, with its number', () => {
    const option = { key: 'com.docker.network.container_iface_prefix', value: 'net' };
    const config = { ...emptyConfig('ab'.repeat(32), 'lab'), options: [option] };
    expect(interfaceName({ position: 2, ...interfacePrefix({ config }) })).toBe('net2');
    expect(interfacePrefix({ config: { ...config, options: [] } })).toEqual({});
    const named = { driverOptions: checkDriverOptions([`${NAME}=lan-0`]), ...interfacePrefix({ config }) };
    expect(interfaceName({ position: 2, ...named })).toBe('lan-0');
  });

  it('set the kernel’s settings of it', () => {
    const driverOptions = checkDriverOptions([
      `${NAME}=lan`,
      `${SYSCTLS}=net.ipv4.conf.IFNAME.log_martians=1,net.ipv6.conf.IFNAME.accept_ra=0`,
    ]);
    expect(interfaceSettings({ position: 0, driverOptions })).toEqual([
      { op: 'net-sysctl', place: 'container', key: 'ipv4.conf.lan.log_martians', value: '1' },
      { op: 'net-sysctl', place: 'container', key: 'ipv6.conf.lan.accept_ra', value: '0' },
      { op: 'network-apply', tolerant: false },
    ]);
    expect(interfaceSettings({ position: 0 })).toEqual([]);
  });

  it.each([
    ['color=red', /has no option "color"/],
    ['color', /invalid driver option "color"/],
    [`${NAME}=lo`, /invalid name of an interface "lo"/],
    [`${NAME}=../x`, /invalid name of an interface/],
    [`${NAME}=a234567890123456`, /invalid name of an interface/],
    [`${SYSCTLS}=net.ipv4.ip_forward=1`, /unrecognised network interface sysctl/],
    [`${SYSCTLS}=net.ipv4.conf.eth0.forwarding=1`, /unrecognised network interface sysctl/],
    [`${SYSCTLS}=net.ipv4.conf.IFNAME.a/b=1`, /unrecognised network interface sysctl/],
  ])('%s is refused', (option, why) => expect(() => checkDriverOptions([option])).toThrow(why));

  it('give the interface further addresses, with the prefixes of link-local ranges', () => {
    const linkLocalIps = checkLinkLocal(['169.254.7.1', 'FE80::0:7', '169.254.7.1']);
    expect(interfaceSettings({ position: 1, linkLocalIps })).toEqual([
      { op: 'addr-add', place: 'container', link: 'eth1', address: '169.254.7.1/16' },
      { op: 'addr-add', place: 'container', link: 'eth1', address: 'fe80::7/64' },
      { op: 'network-apply', tolerant: false },
    ]);
    for (const wrong of ['169.254.7', 'fe80::7/64', '0.0.0.0', '']) {
      expect(() => checkLinkLocal([wrong])).toThrow(`invalid link-local IP address: ${wrong}.`);
    }
  });

  it('give no two interfaces one name', () => {
    const endpoint = { network: 'n', container: 'c', id: 'e', aliases: [] };
    const named = { ...endpoint, position: 1, driverOptions: [`${NAME}=eth0`] };
    expect(() => refuseSameName([{ ...endpoint, position: 0 }, named])).toThrow(/the name eth0/);
    expect(() => refuseSameName([{ ...endpoint, position: 2 }, named])).not.toThrow();
  });
});
