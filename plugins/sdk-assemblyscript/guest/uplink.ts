import { pastaPorts } from './pasta-ports.ts';
import {
  type Facts,
  Helper,
  type Lifetime,
  type NetworkNamespace,
  type PortMapping,
  Readiness,
} from './types.ts';

/** The two programs that give a network namespace a way out without privilege; ask for both as permissions. */
export const SLIRP = 'slirp4netns';
export const PASTA = 'pasta';

/** Name of the interface by which a namespace with an uplink reaches outside. */
export const UPLINK = 'tap0';

/** What the machine has of them; empty when it has neither. slirp4netns is ready sooner and takes less memory. */
export function uplinkProgram(facts: Facts): string {
  if (!facts.tun) return '';
  if (facts.programs.includes(SLIRP)) return SLIRP;
  return facts.programs.includes(PASTA) ? PASTA : '';
}

/** Whether the host's IPv6 leads outside: else an uplink of IPv6 would lead containers into waiting. */
export function hasIPv6(facts: Facts): bool {
  return facts.routes.includes('::/0');
}

/** How an uplink is addressed. All addresses lie in one subnet. */
export class UplinkAddresses {
  cidr!: string;
  address!: string;
  gateway!: string;
  nameServer!: string;
  prefix!: string;
}

/**
 * The helper that gives a namespace its uplink. The host's loopback can't be reached through it.
 * @param ports what pasta is to carry into the namespace; none for slirp4netns
 */
export function uplinkHelper(
  program: string,
  namespace: NetworkNamespace,
  lifetime: Lifetime,
  mtu: string,
  addresses: UplinkAddresses,
  ipv6: bool,
  ports: PortMapping[],
): Helper {
  const helper = new Helper();
  helper.program = program;
  helper.namespace = namespace;
  helper.lifetime = lifetime;
  helper.readiness = Readiness.readyDescriptor();
  helper.arguments =
    program === SLIRP ? slirpArguments(mtu, addresses, ipv6) : pastaArguments(mtu, addresses, ipv6, ports);
  return helper;
}

/** slirp4netns advertises an address in fd00::/64 and itself as the router. */
function slirpArguments(mtu: string, addresses: UplinkAddresses, ipv6: bool): string[] {
  const words: string[] = ['--configure', `--mtu=${mtu}`, `--cidr=${addresses.cidr}`];
  if (ipv6) words.push('--enable-ipv6');
  words.push('--disable-host-loopback');
  words.push('--ready-fd={ready-fd}');
  words.push('--netns-type=path');
  words.push('{netns}');
  words.push(UPLINK);
  return words;
}

/** pasta writes its process id where a byte is awaited. Of IPv6 it takes over the host's own addresses. */
function pastaArguments(mtu: string, addresses: UplinkAddresses, ipv6: bool, ports: PortMapping[]): string[] {
  const words: string[] = ['--foreground', '--quiet', '--config-net'];
  if (!ipv6) words.push('--ipv4-only');
  const rest: string[] = [
    '--no-map-gw',
    '--no-netns-quit',
    '--mtu',
    mtu,
    '--ns-ifname',
    UPLINK,
    '--address',
    addresses.address,
    '--netmask',
    addresses.prefix,
    '--gateway',
    addresses.gateway,
    '--dns-forward',
    addresses.nameServer,
    '--tcp-ns',
    'none',
    '--udp-ns',
    'none',
    '--pid',
    '{ready-path}',
    '--netns',
    '{netns}',
  ];
  for (let i = 0; i < rest.length; i++) words.push(rest[i]);
  const published = pastaPorts(ports);
  for (let i = 0; i < published.length; i++) words.push(published[i]);
  return words;
}
