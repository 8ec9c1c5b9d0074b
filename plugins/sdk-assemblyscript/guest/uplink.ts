import { type Facts, Helper, type Lifetime, type NetworkNamespace, Readiness } from './types.ts';

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

/** How an uplink is addressed. All addresses lie in one subnet. */
export class UplinkAddresses {
  cidr!: string;
  address!: string;
  gateway!: string;
  nameServer!: string;
  prefix!: string;
}

/** The helper that gives a namespace its uplink. The host's loopback can't be reached through it. */
export function uplinkHelper(
  program: string,
  namespace: NetworkNamespace,
  lifetime: Lifetime,
  mtu: string,
  addresses: UplinkAddresses,
): Helper {
  const helper = new Helper();
  helper.program = program;
  helper.namespace = namespace;
  helper.lifetime = lifetime;
  helper.readiness = Readiness.readyDescriptor();
  helper.arguments = program === SLIRP ? slirpArguments(mtu, addresses) : pastaArguments(mtu, addresses);
  return helper;
}

function slirpArguments(mtu: string, addresses: UplinkAddresses): string[] {
  return [
    '--configure',
    `--mtu=${mtu}`,
    `--cidr=${addresses.cidr}`,
    '--disable-host-loopback',
    '--ready-fd={ready-fd}',
    '--netns-type=path',
    '{netns}',
    UPLINK,
  ];
}

/** pasta writes its process id where a byte is awaited. */
function pastaArguments(mtu: string, addresses: UplinkAddresses): string[] {
  return [
    '--foreground',
    '--quiet',
    '--config-net',
    '--ipv4-only',
    '--no-map-gw',
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
    '--tcp-ports',
    'none',
    '--udp-ports',
    'none',
    '--tcp-ns',
    'none',
    '--udp-ns',
    'none',
    '--pid',
    '/proc/self/fd/{ready-fd}',
    '--netns',
    '{netns}',
  ];
}
