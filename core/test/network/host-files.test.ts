import { expect, it } from 'vitest';
import { hostnameFile, hostsFile, resolvConfFile } from '../../src/network/host-files.ts';

const request = {
  hostname: 'box',
  addresses: ['10.88.0.2'],
  hostNetwork: false,
  hostHosts: '127.0.0.1 localhost here\n',
  hostResolvConf: 'nameserver 10.0.0.1\n',
};

it('names the container by its addresses', () => {
  const hosts = hostsFile(request);
  expect(hosts).toMatch(/^127\.0\.0\.1\tlocalhost\n/);
  expect(hosts).toMatch(/\n10\.88\.0\.2\tbox\n$/);
});

it('names it in full first, then without its domain, as --hostname or --domainname gives it', () => {
  const line = /\n10\.88\.0\.2\tbox\.example\.org box\n$/;
  expect(hostsFile({ ...request, hostname: 'box.example.org' })).toMatch(line);
  expect(hostsFile({ ...request, domainname: 'example.org' })).toMatch(line);
});

it("takes the host's names with the host's network", () => {
  expect(hostsFile({ ...request, hostNetwork: true })).toBe('127.0.0.1 localhost here\n');
});

it('still knows localhost when the host has no file', () => {
  expect(hostsFile({ ...request, hostNetwork: true, hostHosts: '' })).toContain('127.0.0.1\tlocalhost');
});

it('ends the host name with a newline', () => {
  expect(hostnameFile(request)).toBe('box\n');
});

it("uses the host's name servers unless the network has some", () => {
  expect(resolvConfFile(request)).toBe('nameserver 10.0.0.1\n');
  expect(resolvConfFile({ ...request, nameServers: ['10.88.0.1'], search: ['a.example', 'b.example'] })).toBe(
    'nameserver 10.88.0.1\nsearch a.example b.example\n',
  );
});
