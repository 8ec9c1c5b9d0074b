import { describe, expect, it } from 'vitest';
import { parseNetworkFlag, withFlags } from '../../src/network/network-flag.ts';

describe('parseNetworkFlag', () => {
  it.each([
    ['lab', { network: 'lab' }],
    ['slirp:mtu=1500,cidr=10.9.8.0/24', { network: 'slirp:mtu=1500,cidr=10.9.8.0/24' }],
    ['container:web', { network: 'container:web' }],
    [
      'name=lab,alias=a,alias=b,ip=10.1.0.2,ip6=fd00::2,mac-address=02:42:00:00:00:01,gw-priority=-3',
      {
        network: 'lab',
        aliases: ['a', 'b'],
        ip: '10.1.0.2',
        ip6: 'fd00::2',
        macAddress: '02:42:00:00:00:01',
        gatewayPriority: -3,
        driverOptions: [],
      },
    ],
    ['name=lab,"driver-opt=k=a=1,b=2"', { network: 'lab', aliases: [], driverOptions: ['k=a=1,b=2'] }],
    [
      'name=lab,link-local-ip=169.254.7.1,link-local-ip=fe80::7',
      { network: 'lab', aliases: [], driverOptions: [], linkLocalIps: ['169.254.7.1', 'fe80::7'] },
    ],
  ])('reads %s', (text, wanted) => expect(parseNetworkFlag(text)).toEqual(wanted));

  it.each([
    ['alias=a', /name\/id is not specified/],
    ['name=lab,color=red', /invalid field key color/],
    ['name=lab,oops', /invalid field oops/],
    ['', /no name set for network/],
    ['name=lab,driver-opt=x', /invalid key value pair format/],
    ['name=lab,gw-priority=high', /invalid gw-priority/],
  ])('refuses %s', (text, why) => expect(() => parseNetworkFlag(text)).toThrow(why));
});

describe('withFlags', () => {
  it('adds what the flags say of the first network', () => {
    expect(withFlags(parseNetworkFlag('name=lab,ip=10.1.0.2'), { aliases: ['web'], ip: undefined })).toEqual({
      aliases: ['web'],
      driverOptions: [],
      ip: '10.1.0.2',
    });
  });

  it.each([
    [{ aliases: ['x'] }, /--network-alias and per-network alias/],
    [{ ip: '10.1.0.9' }, /--ip and per-network IPv4 address/],
    [{ ip6: 'fd00::9' }, /--ip6 and per-network IPv6 address/],
    [{ macAddress: '02:42:00:00:00:09' }, /--mac-address and per-network MAC address/],
  ])('refuses %j where the network has its own', (flags, why) => {
    const first = parseNetworkFlag('name=lab,alias=a,ip=10.1.0.2,ip6=fd00::2,mac-address=02:42:00:00:00:01');
    expect(() => withFlags(first, flags)).toThrow(why);
  });
});
