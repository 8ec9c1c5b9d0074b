import * as Flags from '@oclif/core/flags';
import type { InferredFlags } from '@oclif/core/interfaces';
import type { NetworkingRequest } from '@wherry/core/api';
import { parseNetworkFlag, withFlags } from '@wherry/core/network-flag';

const list = (summary: string, char?: 'p') =>
  Flags.string({ multiple: true, helpValue: 'list', summary, ...(char === undefined ? {} : { char }) });

/** Flags of `run` and `create` on networks. */
export const networkFlags = {
  'add-host': list('Add a custom host-to-IP mapping (host:ip)'),
  dns: list('Set custom DNS servers'),
  'dns-option': Flags.string({
    aliases: ['dns-opt'],
    multiple: true,
    helpValue: 'list',
    summary: 'Set DNS options',
  }),
  'dns-search': list('Set custom DNS search domains'),
  expose: list('Expose a port or a range of ports'),
  ip: Flags.string({ helpValue: 'ip', summary: 'IPv4 address (e.g., 172.30.100.104)' }),
  ip6: Flags.string({ helpValue: 'ip', summary: 'IPv6 address (e.g., 2001:db8::33)' }),
  link: list('Add link to another container'),
  'link-local-ip': list('Container IPv4/IPv6 link-local addresses'),
  'mac-address': Flags.string({
    helpValue: 'string',
    summary: 'Container MAC address (e.g., 92:d0:c6:0a:29:33)',
  }),
  network: Flags.string({
    aliases: ['net'],
    multiple: true,
    helpValue: 'network',
    summary: 'Connect a container to a network',
  }),
  'network-alias': Flags.string({
    aliases: ['net-alias'],
    multiple: true,
    helpValue: 'list',
    summary: 'Add network-scoped alias for the container',
  }),
  publish: list("Publish a container's port(s) to the host", 'p'),
  'publish-all': Flags.boolean({ char: 'P', summary: 'Publish all exposed ports to random ports' }),
};

export interface NetworkRequest {
  /** The first network, or the mode; empty when none is given. */
  readonly network: string;
  readonly networking: NetworkingRequest;
}

/** The part of the request that these flags make. @throws WherryError `E_NETWORK_FLAG` */
export function networkRequest(flags: InferredFlags<typeof networkFlags>): NetworkRequest {
  const [first = { network: '' }, ...further] = (flags.network ?? []).map(parseNetworkFlag);
  const place = withFlags(first, {
    aliases: flags['network-alias'] ?? [],
    ip: flags.ip,
    ip6: flags.ip6,
    macAddress: flags['mac-address'],
    linkLocalIps: flags['link-local-ip'] ?? [],
  });
  return { network: first.network, networking: { ...place, ...ofContainer(flags), further } };
}

function ofContainer(flags: InferredFlags<typeof networkFlags>): NetworkingRequest {
  return {
    links: flags.link ?? [],
    publish: flags.publish ?? [],
    publishAll: flags['publish-all'],
    expose: flags.expose ?? [],
    dns: flags.dns ?? [],
    dnsSearch: flags['dns-search'] ?? [],
    dnsOptions: flags['dns-option'] ?? [],
    addHosts: flags['add-host'] ?? [],
  };
}
