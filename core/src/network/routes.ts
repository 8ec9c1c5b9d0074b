import { formatSubnet } from './address.ts';

/**
 * Destinations of the IPv4 routing table, in CIDR form, less the default route: what a new subnet must not overlap.
 * @param text /proc/net/route: addresses and masks are 32-bit words in hexadecimal, in the machine's byte order.
 */
export function parseRoutes(text: string): readonly string[] {
  const routes = text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, destination, , , , , , mask] = line.trim().split(/\s+/);
      if (destination === undefined || mask === undefined) return [];
      const length = prefixLength(mask);
      return length === 0 ? [] : [`${dotted(destination)}/${length}`];
    });
  return [...new Set(routes)];
}

/** `/proc/net/ipv6_route`, RTF_UP and RTF_GATEWAY of linux/route.h */
const UP = 1;
const GATEWAY = 2;

/**
 * Destinations of the IPv6 routing table, in CIDR form, less what is each link's own; `::/0` when a gateway leads outside.
 * @param text /proc/net/ipv6_route: addresses in hexadecimal without colons, prefix lengths and flags in hexadecimal.
 */
export function parseRoutes6(text: string): readonly string[] {
  const routes = text.split('\n').flatMap((line) => {
    const [destination, length, , , , , , , flags, link] = line.trim().split(/\s+/);
    if (destination === undefined || length === undefined || flags === undefined || link === 'lo') return [];
    const bits = Number.parseInt(flags, 16);
    const prefix = Number.parseInt(length, 16);
    if ((bits & UP) === 0 || prefix === 128 || /^f[ef]/i.test(destination)) return [];
    if (prefix === 0 && (bits & GATEWAY) === 0) return [];
    return [formatSubnet({ family: 6, value: BigInt(`0x${destination}`), prefix })];
  });
  return [...new Set(routes)];
}

const bytesOf = (word: string): readonly number[] => {
  const value = Number.parseInt(word, 16);
  // All machines that Wherry runs on are little-endian.
  return [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24];
};

const dotted = (word: string): string => bytesOf(word).join('.');

function prefixLength(mask: string): number {
  const bits = bytesOf(mask)
    .map((byte) => byte.toString(2).padStart(8, '0'))
    .join('');
  return bits.lastIndexOf('1') + 1;
}

/** Name servers of a resolv.conf(5), in order. */
export function parseNameServers(text: string): readonly string[] {
  return [...text.matchAll(/^[ \t]*nameserver[ \t]+(\S+)/gm)].flatMap(([, server]) => server ?? []);
}
