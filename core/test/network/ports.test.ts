import { describe, expect, it } from 'vitest';
import { parseExposed, parsePublish, publishedPorts, unpublishable } from '../../src/network/ports.ts';
import { portsText } from '../../src/network/published.ts';

describe('parsePublish', () => {
  it.each([
    ['80', [{ protocol: 'tcp', hostIp: '', hostPort: 0, containerPort: 80 }]],
    ['8080:80', [{ protocol: 'tcp', hostIp: '', hostPort: 8080, containerPort: 80 }]],
    ['53:53/UDP', [{ protocol: 'udp', hostIp: '', hostPort: 53, containerPort: 53 }]],
    ['127.0.0.1:8080:80', [{ protocol: 'tcp', hostIp: '127.0.0.1', hostPort: 8080, containerPort: 80 }]],
    ['127.0.0.1::80', [{ protocol: 'tcp', hostIp: '127.0.0.1', hostPort: 0, containerPort: 80 }]],
    ['[::1]:8080:80', [{ protocol: 'tcp', hostIp: '::1', hostPort: 8080, containerPort: 80 }]],
    [
      '8000-8001:80-81',
      [
        { protocol: 'tcp', hostIp: '', hostPort: 8000, containerPort: 80 },
        { protocol: 'tcp', hostIp: '', hostPort: 8001, containerPort: 81 },
      ],
    ],
    ['8000-8009:80', [{ protocol: 'tcp', hostIp: '', hostPort: 8000, hostPortEnd: 8009, containerPort: 80 }]],
  ])('%s', (text, ports) => expect(parsePublish(text)).toEqual(ports));

  it.each([
    ['', /no port specified: <empty>/],
    ['a:80', /invalid hostPort: a/],
    ['80:a', /invalid containerPort: a/],
    ['80/foo', /invalid proto: foo/],
    ['80:0', /0 is no port of a container/],
    ['70000:80', /invalid hostPort: 70000/],
    ['8002-8000:80', /invalid hostPort: 8002-8000/],
    ['8000-8002:80-81', /invalid ranges specified for container and host Ports: 80-81 and 8000-8002/],
    ['80/dccp', /invalid proto: dccp/],
    ['80/sctp', /sctp can't be published: what carries ports here/],
    ['1.2.3:80:80', /invalid IP address: 1\.2\.3/],
    ['80/tcp/udp', /more than one slash/],
  ])('refuses %j', (text, why) => expect(() => parsePublish(text)).toThrow(why));
});

describe('publishedPorts', () => {
  it('adds what is exposed and not published yet with -P', () => {
    expect(publishedPorts(['8080:80'], true, ['80/tcp', '53/udp'])).toEqual([
      { protocol: 'tcp', hostIp: '', hostPort: 8080, containerPort: 80 },
      { protocol: 'udp', hostIp: '', hostPort: 0, containerPort: 53 },
    ]);
    expect(publishedPorts([], false, ['80/tcp'])).toEqual([]);
  });

  it('leaves out sctp, and says so', () => {
    expect(publishedPorts([], true, ['80/sctp'])).toEqual([]);
    expect(unpublishable(true, ['80/sctp', '81/tcp'])).toEqual([
      expect.stringMatching(/^-P leaves out 80\/sctp: /),
    ]);
    expect(unpublishable(false, ['80/sctp'])).toEqual([]);
    expect(unpublishable(true, ['81/tcp'])).toEqual([]);
  });
});

it('exposes ranges', () => {
  expect(parseExposed('7000-7002/udp')).toEqual(['7000/udp', '7001/udp', '7002/udp']);
  expect(() => parseExposed('x')).toThrow(
    'invalid range format for --expose: x, error: strconv.ParseUint: parsing "x": invalid syntax',
  );
  expect(() => parseExposed('99999')).toThrow('parsing "99999": value out of range');
  expect(() => parseExposed('90-80')).toThrow('error: invalid range specified for port: 90-80');
  expect(() => parseExposed('1:2')).toThrow('invalid port format for --expose: 1:2');
  expect(() => parseExposed('80/icmp')).toThrow(/no port with tcp/);
});

it('shows ports as ps does', () => {
  const ports = [
    { protocol: 'tcp', hostIp: '', hostPort: 8080, containerPort: 80 },
    { protocol: 'udp', hostIp: '::1', hostPort: 53, containerPort: 53 },
  ] as const;
  expect(portsText(ports, ['80/tcp', '443/tcp'])).toBe(
    '[::1]:53->53/udp, 443/tcp, 0.0.0.0:8080->80/tcp, [::]:8080->80/tcp',
  );
  const range = [8000, 8001, 8002].map((hostPort) => ({
    ...{ protocol: 'tcp' as const, hostIp: '', hostPort, containerPort: hostPort },
  }));
  expect(portsText(range, ['90/tcp', '91/tcp', '91/udp'])).toBe(
    '90-91/tcp, 91/udp, 0.0.0.0:8000-8002->8000-8002/tcp, [::]:8000-8002->8000-8002/tcp',
  );
});
