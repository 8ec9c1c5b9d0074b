import { describe, expect, it } from 'vitest';
import { NO_NETWORKING } from '../../src/network/request.ts';
import { resolvConf } from '../../src/network/resolv-conf.ts';

const request = {
  host: 'nameserver 127.0.0.53\nnameserver 192.0.2.53\nsearch lab.test .\noptions edns0\n',
  networking: NO_NETWORKING,
  networkServers: [],
  forwarder: undefined,
};

describe('resolvConf', () => {
  it('is the host’s, less what can’t be reached from inside', () => {
    expect(resolvConf(request)).toBe('nameserver 192.0.2.53\nsearch lab.test\noptions edns0\n');
  });

  it('passes questions on when the host’s servers are all on its loopback', () => {
    const host = 'nameserver 127.0.0.53\n';
    expect(resolvConf({ ...request, host, forwarder: '172.17.0.1' })).toBe('nameserver 172.17.0.1\n');
  });

  it('asks the network’s server first, which knows the members', () => {
    expect(resolvConf({ ...request, networkServers: ['172.18.0.1'] })).toMatch(
      /^nameserver 172\.18\.0\.1\nsearch/,
    );
  });

  it('has what the flags say', () => {
    const networking = { ...NO_NETWORKING, dns: ['192.0.2.1'], dnsSearch: ['.'], dnsOptions: ['ndots:2'] };
    const text = resolvConf({ ...request, networking, networkServers: ['172.18.0.1'] });
    expect(text).toBe('nameserver 192.0.2.1\noptions ndots:2\n');
  });
});
