/** IPv4 addresses as numbers. */
export class Range4 {
  first: number = 0;
  last: number = 0;
}

export function isIPv6(text: string): bool {
  return text.includes(':');
}

export function isIPv4(text: string): bool {
  const parts = text.split('.');
  if (parts.length !== 4) return false;
  for (let i = 0; i < 4; i++) {
    const part = parts[i];
    if (part.length < 1 || part.length > 3) return false;
    for (let j = 0; j < part.length; j++) {
      const c = part.charCodeAt(j);
      if (c < 48 || c > 57) return false;
    }
    if (parseInt(part, 10) > 255) return false;
  }
  return true;
}

/** The part of a CIDR before the slash. */
export function addressOf(cidr: string): string {
  const slash = cidr.indexOf('/');
  return slash < 0 ? cidr : cidr.substring(0, slash);
}

export function prefixOf(cidr: string): string {
  const slash = cidr.indexOf('/');
  return slash < 0 ? (isIPv6(cidr) ? '128' : '32') : cidr.substring(slash + 1);
}

export function parseIPv4(address: string): number {
  const parts = address.split('.');
  let value: number = 0;
  for (let i = 0; i < parts.length; i++) value = value * 256 + parseInt(parts[i], 10);
  return value;
}

export function formatIPv4(value: number): string {
  const a = Math.floor(value / 16777216);
  const b = Math.floor(value / 65536) % 256;
  const c = Math.floor(value / 256) % 256;
  const d = value % 256;
  return `${(a as u32).toString()}.${(b as u32).toString()}.${(c as u32).toString()}.${(d as u32).toString()}`;
}

export function rangeOf(cidr: string): Range4 {
  const prefix = parseInt(prefixOf(cidr), 10);
  const size = 2 ** (32 - prefix);
  const range = new Range4();
  range.first = Math.floor(parseIPv4(addressOf(cidr)) / size) * size;
  range.last = range.first + size - 1;
  return range;
}

/** Whether two subnets have an address in common. IPv6 ones are compared as the text that the host made canonical. */
export function overlap(a: string, b: string): bool {
  if (isIPv6(a) || isIPv6(b)) return a === b;
  const left = rangeOf(a);
  const right = rangeOf(b);
  return left.first <= right.last && right.first <= left.last;
}

/** Whether all addresses of an IPv4 subnet are in another one, whose routes go before those of a larger one. */
export function isInside(inner: string, outer: string): bool {
  if (isIPv6(inner)) return false;
  const left = rangeOf(inner);
  const right = rangeOf(outer);
  return left.first >= right.first && left.last <= right.last;
}

/** The gateway of a subnet by default: its first address. Empty when it can't be told. */
export function firstAddress(cidr: string): string {
  const base = addressOf(cidr);
  if (!isIPv6(base)) return formatIPv4(rangeOf(cidr).first + 1);
  return base.endsWith('::') ? `${base}1` : '';
}
