import { UplinkAddresses } from '@wherry/sdk-assemblyscript/guest/uplink.ts';

/** slirp4netns' own. */
export const DEFAULT_CIDR = '10.0.2.0/24';

/** The addresses that slirp4netns(1) takes in a subnet with 24 bits; pasta is given the same. Null for any other text. */
export function uplinkAddresses(cidr: string): UplinkAddresses | null {
  const parts = cidr.split('/');
  if (parts.length !== 2 || parts[1] !== '24') return null;
  const bytes = parts[0].split('.');
  if (bytes.length !== 4 || bytes[3] !== '0') return null;
  for (let i = 0; i < 3; i++) {
    if (!isByte(bytes[i])) return null;
  }
  const base = `${bytes[0]}.${bytes[1]}.${bytes[2]}`;
  const addresses = new UplinkAddresses();
  addresses.cidr = cidr;
  addresses.prefix = parts[1];
  addresses.address = `${base}.100`;
  addresses.gateway = `${base}.2`;
  addresses.nameServer = `${base}.3`;
  return addresses;
}

function isByte(text: string): bool {
  if (text.length < 1 || text.length > 3) return false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 48 || code > 57) return false;
  }
  return parseInt(text, 10) <= 255;
}
