import { expect, it } from 'vitest';
import { parseNameServers, parseRoutes, parseRoutes6 } from '../../src/network/routes.ts';

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

it('reads the routing table of IPv6, in which a gateway outside is ::/0', () => {
  const none = '0'.repeat(32);
  const line = (destination: string, prefix: string, flags: string, link: string): string =>
    `${destination} ${prefix} ${none} 00 ${none} 00000100 00000001 00000000 ${flags} ${link}`;
  const lan = '20010db8007700000000000000000000';
  const own = [
    line(lan, '40', '00000001', 'eth0'),
    line('fe80000000000000'.padEnd(32, '0'), '40', '00000001', 'eth0'),
    line('ff00000000000000'.padEnd(32, '0'), '08', '00000001', 'eth0'),
    line(`${lan.slice(0, -1)}1`, '80', '80200001', 'lo'),
    line(none, '00', '00200200', 'lo'),
  ];
  expect(parseRoutes6(own.join('\n'))).toEqual(['2001:db8:77::/64']);
  expect(parseRoutes6([...own, line(none, '00', '00000003', 'eth0')].join('\n'))).toContain('::/0');
});
