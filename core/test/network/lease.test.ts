import { describe, expect, it } from 'vitest';
import { chooseAddresses } from '../../src/network/lease.ts';
import type { NetworkConfig } from '../../src/plugin/contract.ts';

const config = (...subnets: NetworkConfig['subnets']): NetworkConfig => ({
  id: 'ab'.repeat(32),
  name: 'net',
  subnets,
  internal: false,
  ipv4: true,
  ipv6: false,
  options: [],
});
const endpoint = { network: 'n', container: 'c', position: 0, id: 'e', aliases: [] };
const taken = (...addresses: string[]) => new Map(addresses.map((each) => [each, 'f'.repeat(64)]));

describe('chooseAddresses', () => {
  it('takes the lowest address that is nobody’s', () => {
    const net = config({ cidr: '10.0.0.0/24', gateway: '10.0.0.1' });
    expect(chooseAddresses(net, endpoint, taken()).ip4).toBe('10.0.0.2');
    expect(chooseAddresses(net, endpoint, taken('10.0.0.2', '10.0.0.4')).ip4).toBe('10.0.0.3');
  });

  it('stays within the range of addresses', () => {
    const net = config({ cidr: '10.0.0.0/24', gateway: '10.0.0.1', ipRange: '10.0.0.128/25' });
    expect(chooseAddresses(net, endpoint, taken()).ip4).toBe('10.0.0.128');
  });

  it('has an address of both families, and a hardware address that goes by the first', () => {
    const net = config(
      { cidr: '10.0.0.0/24', gateway: '10.0.0.1' },
      { cidr: 'fd00::/64', gateway: 'fd00::1' },
    );
    expect(chooseAddresses(net, endpoint, taken())).toMatchObject({
      ip4: '10.0.0.2',
      ip6: 'fd00::2',
      mac: '02:42:0a:00:00:02',
    });
  });

  it('ends when no address is left', () => {
    const net = config({ cidr: '10.0.0.0/30', gateway: '10.0.0.1' });
    expect(() => chooseAddresses(net, endpoint, taken('10.0.0.2'))).toThrow(/no available IPv4 addresses/);
  });

  it('keeps auxiliary addresses from containers', () => {
    const net = config({ cidr: '10.0.0.0/24', gateway: '10.0.0.1' });
    const auxiliary = { router: '10.0.0.2', printer: '10.0.0.3' };
    expect(chooseAddresses(net, endpoint, taken(), auxiliary).ip4).toBe('10.0.0.4');
    const asking = { ...endpoint, askedIp4: '10.0.0.3' };
    expect(() => chooseAddresses(net, asking, taken(), auxiliary)).toThrow(/already in use/);
  });

  it('gives what is asked for, unless it is outside, reserved or taken', () => {
    const net = config({ cidr: '10.0.0.0/24', gateway: '10.0.0.1' });
    const ask = (askedIp4: string) => chooseAddresses(net, { ...endpoint, askedIp4 }, taken('10.0.0.7'));
    expect(ask('10.0.0.9').ip4).toBe('10.0.0.9');
    expect(() => ask('10.0.1.9')).toThrow(/does not belong to network net/);
    expect(() => ask('10.0.0.1')).toThrow(/already in use/);
    expect(() => ask('10.0.0.255')).toThrow(/already in use/);
    expect(() => ask('10.0.0.7')).toThrow(/already in use/);
    expect(() => chooseAddresses(net, { ...endpoint, askedIp6: 'fd00::5' }, taken())).toThrow(
      /does not belong/,
    );
  });
});
