import { expect, it } from 'vitest';
import { auxiliaryOf, configFor } from '../../src/network/create.ts';
import type { CreateNetworkRequest } from '../../src/network/request.ts';
import type { NetworkTable } from '../../src/network/table.ts';

const empty = { byName: () => undefined, all: () => [] } as unknown as NetworkTable;
const make = (request: Omit<CreateNetworkRequest, 'name'>) => configFor(empty, { name: 'lab', ...request });

it('has IPv4 unless that is disabled, and IPv6 when it is asked for or has a subnet', () => {
  expect(make({})).toMatchObject({ ipv4: true, ipv6: false });
  expect(make({ subnets: ['fd00::/64'] })).toMatchObject({ ipv4: true, ipv6: true });
  expect(make({ ipv4: false, ipv6: true })).toMatchObject({ ipv4: false, ipv6: true });
});

it.each([
  [{ ipv4: false }, /IPv4 or IPv6 must be enabled/],
  [{ ipv4: false, ipv6: true, subnets: ['10.1.0.0/24'] }, /10\.1\.0\.0\/24 is of IPv4, which is disabled/],
  [{ subnets: ['10.1.0.0'] }, /invalid subnet/],
  [{ subnets: ['10.1.0.5/24'] }, /invalid subnet 10\.1\.0\.5\/24: it should be 10\.1\.0\.0\/24/],
  [{ subnets: ['10.1.0.0/24'], gateways: ['10.1.0.255'] }, /its broadcast address/],
  [{ gateways: ['10.1.0.1'] }, /needs a subnet/],
  [{ subnets: ['10.1.0.5/32'] }, /has no room for a gateway and a container/],
  [{ subnets: ['127.0.0.0/16'] }, /has addresses of 127\.0\.0\.0\/8, which are for the loopback interface/],
  [{ subnets: ['224.0.0.0/24'] }, /which are for multicast or reserved/],
  [{ subnets: ['fe80::/64'] }, /which are for single links/],
  [{ subnets: ['10.1.0.0/24'], gateways: ['10.2.0.1'] }, /no matching subnet for gateway/],
  [{ subnets: ['10.1.0.0/24'], ipRanges: ['10.1.0.0/16'] }, /no matching subnet for range/],
])('refuses %j', (request, why) => expect(() => make(request)).toThrow(why));

it('has auxiliary addresses in its subnets alone', () => {
  const subnets = ['10.1.0.0/24', 'fd00::/64'];
  expect(auxiliaryOf({ name: 'lab', subnets, auxiliary: { a: '10.1.0.9', b: 'FD00:0::9' } })).toEqual({
    a: '10.1.0.9',
    b: 'fd00::9',
  });
  for (const address of ['10.2.0.9', 'printer', 'fd01::9']) {
    expect(() => auxiliaryOf({ name: 'lab', subnets, auxiliary: { a: address } })).toThrow(
      `no matching subnet for aux-address ${address}.`,
    );
  }
});
