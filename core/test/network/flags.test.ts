import { describe, expect, it } from 'vitest';
import { checkAliases, checkMac, mergeNetworking } from '../../src/network/flags.ts';
import { addedHosts, hostGateway } from '../../src/network/hosts.ts';
import { linkEnvironment } from '../../src/network/link-environment.ts';
import { parseMode } from '../../src/network/mode.ts';

describe('mergeNetworking', () => {
  it('joins flags and what the image exposes', () => {
    const settled = mergeNetworking(
      { publish: ['8080:80'], expose: ['9000'], links: ['db:database', 'cache'] },
      { '443/tcp': {} },
    );
    expect(settled.exposed).toEqual(['80/tcp', '443/tcp', '9000/tcp']);
    expect(settled.ports).toHaveLength(1);
    expect(settled.links).toEqual([
      { container: 'db', alias: 'database' },
      { container: 'cache', alias: 'cache' },
    ]);
  });

  it.each([
    [{ dns: ['name'] }, /"--dns" flag: IP address is not correctly formatted: name/],
    [{ addHosts: ['box'] }, /bad format for add-host/],
    [{ addHosts: ['box:nowhere'] }, /invalid IP address in add-host: "nowhere"/],
    [{ dnsSearch: ['a..b'] }, /a\.\.b is not a valid domain/],
    [{ dnsSearch: ['1.2'] }, /1\.2 is not a valid domain/],
    [{ links: ['a:b:c'] }, /bad format for links/],
  ])('refuses %j', (request, why) => expect(() => mergeNetworking(request, {})).toThrow(why));
});

it('takes hosts that are added, and the host itself', () => {
  const { addHosts } = mergeNetworking(
    { addHosts: ['a:192.0.2.1', 'b=::1', 'me:host-gateway', 'c:[::2]'] },
    {},
  );
  expect(addedHosts({ addHosts } as never, () => '198.51.100.7')).toEqual([
    { address: '192.0.2.1', names: ['a'] },
    { address: '::1', names: ['b'] },
    { address: '198.51.100.7', names: ['me'] },
    { address: '::2', names: ['c'] },
  ]);
  expect(hostGateway({})).toBeUndefined();
});

it('checks aliases and hardware addresses', () => {
  expect(checkMac('02-42-AC-11-00-05')).toBe('02:42:ac:11:00:05');
  expect(() => checkMac('01:00:00:00:00:00')).toThrow(/invalid MAC address/);
  expect(() => checkAliases(['a b'])).toThrow(/invalid alias/);
});

it('reads --network', () => {
  expect(parseMode('mynet')).toEqual({ kind: 'network', name: 'mynet' });
  expect(parseMode('container:web')).toEqual({ kind: 'container', container: 'web' });
  expect(parseMode('slirp:mtu=1500')).toEqual({ kind: 'driver', driver: 'slirp', options: { mtu: '1500' } });
  expect(() => parseMode('container:')).toThrow(/names no container/);
  expect(() => parseMode('slirp:mtu')).toThrow(/mtu is no option/);
});

it('has Docker’s variables for a link', () => {
  const variables = linkEnvironment({
    alias: 'my-db',
    owner: 'web',
    address: '172.17.0.2',
    exposed: ['5432/tcp'],
    env: ['PATH=/bin', 'POSTGRES_DB=x'],
  });
  expect(variables).toEqual([
    'MY_DB_PORT=tcp://172.17.0.2:5432',
    'MY_DB_PORT_5432_TCP=tcp://172.17.0.2:5432',
    'MY_DB_PORT_5432_TCP_ADDR=172.17.0.2',
    'MY_DB_PORT_5432_TCP_PORT=5432',
    'MY_DB_PORT_5432_TCP_PROTO=tcp',
    'MY_DB_NAME=/web/my-db',
    'MY_DB_ENV_POSTGRES_DB=x',
  ]);
});
