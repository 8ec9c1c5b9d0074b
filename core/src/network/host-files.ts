import type { HostLine } from './hosts.ts';

/** What the files that the core makes for a container are made from. */
export interface HostFileRequest {
  readonly hostname: string;
  /** `--domainname`, when it isn't part of the host name. */
  readonly domainname?: string | undefined;
  /** The container's own addresses, without prefix length; none without a network. */
  readonly addresses: readonly string[];
  /** Whether it has the host's network, and with it the host's names. */
  readonly hostNetwork: boolean;
  /** The host's /etc/hosts and /etc/resolv.conf; empty when they can't be read. */
  readonly hostHosts: string;
  readonly hostResolvConf: string;
  /** Name servers and search domains that the network gives, in place of the host's. */
  readonly nameServers?: readonly string[];
  readonly search?: readonly string[];
  /** Further lines of /etc/hosts. */
  readonly extraHosts?: readonly HostLine[];
  /** The whole of /etc/resolv.conf, where the container's networks decide it. */
  readonly resolvConf?: string;
}

const LOOPBACK = `127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::\tip6-localnet
ff00::\tip6-mcastprefix
ff02::1\tip6-allnodes
ff02::2\tip6-allrouters
`;

/** /etc/hosts of a container (hosts(5)), as Docker writes it. */
export function hostsFile(request: HostFileRequest): string {
  const { addresses, hostNetwork, hostHosts, extraHosts = [] } = request;
  const extra = extraHosts.map(({ address, names }) => `${address}\t${names.join(' ')}\n`).join('');
  if (hostNetwork && hostHosts !== '') return hostHosts.replace(/([^\n])$/, '$1\n') + extra;
  return LOOPBACK + addresses.map((address) => `${address}\t${ownNames(request)}\n`).join('') + extra;
}

/** The full name first (hosts(5)), and with it the name without its domain. */
function ownNames({ hostname, domainname }: HostFileRequest): string {
  const full = domainname ? `${hostname}.${domainname}` : hostname;
  const dot = full.indexOf('.');
  return dot < 0 ? full : `${full} ${full.slice(0, dot)}`;
}

/** /etc/hostname of a container (hostname(5)). */
export function hostnameFile({ hostname }: HostFileRequest): string {
  return `${hostname}\n`;
}

/** /etc/resolv.conf of a container (resolv.conf(5)): the host's, unless the network has name servers of its own. */
export function resolvConfFile(request: HostFileRequest): string {
  const { hostResolvConf, nameServers = [], search = [], resolvConf } = request;
  if (resolvConf !== undefined) return resolvConf;
  if (nameServers.length === 0) return hostResolvConf;
  const lines = nameServers.map((server) => `nameserver ${server}`);
  if (search.length > 0) lines.push(`search ${search.join(' ')}`);
  return `${lines.join('\n')}\n`;
}
