import { isIP, isIPv4 } from '../plan/ip.ts';

/** An IP address as a number, with its family. */
export interface Address {
  readonly family: 4 | 6;
  readonly value: bigint;
}

/** A subnet: its first address, and the length of its prefix. */
export interface Subnet extends Address {
  readonly prefix: number;
}

/** @returns undefined for what is no address, or has a zone. */
export function parseAddress(text: string): Address | undefined {
  if (isIP(text) === 0 || text.includes('%')) return undefined;
  return isIPv4(text) ? { family: 4, value: parseIPv4(text) } : { family: 6, value: parseIPv6(text) };
}

function parseIPv4(text: string): bigint {
  return text.split('.').reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

function parseIPv6(text: string): bigint {
  // An IPv4 address may take the place of the last two groups (RFC 4291, 2.2).
  const plain = text.replace(/[\d.]+$/, (tail) => {
    if (!tail.includes('.')) return tail;
    const value = parseIPv4(tail);
    return `${(value >> 16n).toString(16)}:${(value & 0xffffn).toString(16)}`;
  });
  const [head = '', tail] = plain.split('::');
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const middle = Array.from({ length: 8 - left.length - right.length }, () => '0');
  return [...left, ...middle, ...right].reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n);
}

/** The canonical text of an address (RFC 5952 for IPv6). */
export function formatAddress({ family, value }: Address): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join('.');
  const groups = Array.from({ length: 8 }, (_, i) => Number((value >> BigInt(112 - 16 * i)) & 0xffffn));
  const text = groups.map((group) => group.toString(16)).join(':');
  const runs = text.match(/(?:^|:)0(?::0)+(?=:|$)/g) ?? [];
  const longest = runs.reduce((best, run) => (zeros(run) > zeros(best) ? run : best), '');
  if (longest === '') return text;
  const at = text.indexOf(longest);
  const before = text.slice(0, at);
  const after = text.slice(at + longest.length).replace(/^:/, '');
  return `${before}::${after}`;
}

const zeros = (run: string): number => run.split(':').filter((group) => group !== '').length;

export const widthOf = (family: 4 | 6): number => (family === 4 ? 32 : 128);

/** The subnet that a CIDR names, whatever its host bits. @returns undefined for what is none. */
export function parseSubnet(cidr: string): Subnet | undefined {
  const [text = '', length, ...more] = cidr.split('/');
  const address = parseAddress(text);
  if (address === undefined || length === undefined || more.length > 0 || !/^\d{1,3}$/.test(length)) {
    return undefined;
  }
  const prefix = Number(length);
  if (prefix > widthOf(address.family)) return undefined;
  const hostBits = BigInt(widthOf(address.family) - prefix);
  return { family: address.family, value: (address.value >> hostBits) << hostBits, prefix };
}

export function formatSubnet(subnet: Subnet): string {
  return `${formatAddress(subnet)}/${subnet.prefix}`;
}

/** Its last address: the broadcast address of an IPv4 subnet. */
export function lastOf(subnet: Subnet): bigint {
  return subnet.value + (1n << BigInt(widthOf(subnet.family) - subnet.prefix)) - 1n;
}

export function contains(subnet: Subnet, address: Address): boolean {
  return subnet.family === address.family && address.value >= subnet.value && address.value <= lastOf(subnet);
}

/** The same of texts; false for what is no address. */
export function isInside(cidr: string, address: string): boolean {
  const [subnet, parsed] = [parseSubnet(cidr), parseAddress(address)];
  return subnet !== undefined && parsed !== undefined && contains(subnet, parsed);
}

export function overlaps(a: Subnet, b: Subnet): boolean {
  return a.family === b.family && a.value <= lastOf(b) && b.value <= lastOf(a);
}
