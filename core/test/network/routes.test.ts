import { expect, it } from 'vitest';
import { parseNameServers, parseRoutes } from '../../src/network/routes.ts';

it('reads the routing table of the kernel', () => {
  const table = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t0102000A\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t0002000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
wg0\t04A8C0C8\t00000000\t0001\t0\t0\t0\tFFFFFFFF\t0\t0\t0
`;
  expect(parseRoutes(table)).toEqual(['10.0.2.0/24', '172.17.0.0/16', '200.192.168.4/32']);
});

it('has no routes where there is no table', () => {
  expect(parseRoutes('')).toEqual([]);
});

it('reads name servers in order', () => {
  expect(
    parseNameServers('# nameserver 1.1.1.1\nnameserver 10.0.0.1\nsearch a\n nameserver\tfd00::1 \n'),
  ).toEqual(['10.0.0.1', 'fd00::1']);
});
