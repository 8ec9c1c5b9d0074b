import type { Networking } from './request.ts';

export interface ResolvConfRequest {
  /** The host's resolv.conf(5). */
  readonly host: string;
  readonly networking: Pick<Networking, 'dns' | 'dnsSearch' | 'dnsOptions'>;
  /** Name servers of the container's networks; they know the other members, and pass on what else they are asked. */
  readonly networkServers: readonly string[];
  /** A server that passes questions on, for when the host's own ones can't be reached from inside. */
  readonly forwarder: string | undefined;
}

const lines = (text: string, keyword: string): readonly string[] =>
  text
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([first]) => first === keyword)
    .flatMap(([, ...rest]) => rest);

/** Loopback addresses of the host are the container's own inside. */
export const isReachable = (server: string): boolean =>
  !/^(?:127\.|::1$|0\.0\.0\.0$|fe80:)/i.test(server) && !server.includes('%');

/** resolv.conf(5) of a container with a network of its own. */
export function resolvConf({ host, networking, networkServers, forwarder }: ResolvConfRequest): string {
  const hostServers = lines(host, 'nameserver');
  const reachable = hostServers.filter(isReachable);
  const usual = reachable.length > 0 || forwarder === undefined ? reachable : [forwarder];
  const own = networking.dns.length > 0 ? networking.dns : usual;
  const servers = networkServers.length > 0 && networking.dns.length === 0 ? networkServers : own;
  const search = networking.dnsSearch.length > 0 ? networking.dnsSearch : lines(host, 'search');
  const options = networking.dnsOptions.length > 0 ? networking.dnsOptions : lines(host, 'options');
  const shown = search.filter((domain) => domain !== '.');
  return [
    ...servers.map((server) => `nameserver ${server}`),
    ...(shown.length === 0 ? [] : [`search ${shown.join(' ')}`]),
    ...(options.length === 0 ? [] : [`options ${options.join(' ')}`]),
    '',
  ].join('\n');
}
