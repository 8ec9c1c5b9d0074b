import { isIP, isIPv4 } from './ip.ts';
import { demand } from './refusal.ts';

const shown = (value: string): string => JSON.stringify(value);

/** An IPv4 or IPv6 address without a zone. */
export function checkAddress(address: string): void {
  demand(isIP(address) !== 0 && !address.includes('%'), `${shown(address)} is no IP address`);
}

/** An address, a slash and the length of its prefix: CIDR form. */
export function checkCidr(cidr: string): void {
  const [address = '', length = '', ...more] = cidr.split('/');
  const limit = isIPv4(address) ? 32 : 128;
  demand(
    isIP(address) !== 0 &&
      !address.includes('%') &&
      more.length === 0 &&
      /^\d{1,3}$/.test(length) &&
      Number(length) <= limit,
    `${shown(cidr)} is no address with a prefix length`,
  );
}

/** Six bytes in hexadecimal with colons, of one device (not a group's), and not all zero. */
export function checkMac(mac: string): void {
  demand(
    /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(mac) &&
      (Number.parseInt(mac.slice(0, 2), 16) & 1) === 0 &&
      mac !== '00:00:00:00:00:00',
    `${shown(mac)} is no hardware address of a device`,
  );
}

/** The name of a network interface: what dev_valid_name() of the kernel takes, and printable ASCII alone. */
export function checkLinkName(name: string): void {
  demand(
    /^[\x21-\x7e]{1,15}$/.test(name) && !/[/:%]/.test(name) && name !== '.' && name !== '..',
    `${shown(name)} is no name for a network interface (1 to 15 characters without spaces, slashes and colons)`,
  );
}

/** A port that can be spoken to. */
export function checkPort(port: number): void {
  demand(Number.isInteger(port) && port >= 1 && port <= 65535, `${port} is no port`);
}

/** A port to listen on, 0 for a free one. */
export function checkListeningPort(port: number): void {
  demand(Number.isInteger(port) && port >= 0 && port <= 65535, `${port} is no port`);
}
