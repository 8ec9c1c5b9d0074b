import { WherryError } from '../errors/error.ts';
import type { NetworkConfig, Subnet as SubnetConfig } from '../plugin/contract.ts';
import { randomHex } from '../store/random.ts';
import {
  type Address,
  contains,
  formatAddress,
  formatSubnet,
  isInside,
  lastOf,
  overlaps,
  parseAddress,
  parseSubnet,
  type Subnet,
  widthOf,
} from './address.ts';
import { BUILT_IN } from './builtin.ts';
import type { CreateNetworkRequest } from './request.ts';
import type { NetworkTable } from './table.ts';

const refuse = (message: string, hint: string): WherryError =>
  new WherryError(message, { code: 'E_NETWORK_FLAG', hint });

const SUBNET_HINT = 'Give --subnet 10.9.8.0/24, and --gateway and --ip-range inside of it.';

/**
 * What `network create` asks for, as a configuration for the driver.
 * @throws WherryError `E_NETWORK_EXISTS`, `E_NETWORK_NAME`, `E_NETWORK_FLAG`
 */
export function configFor(table: NetworkTable, request: CreateNetworkRequest): NetworkConfig {
  const { name, options = {} } = request;
  checkName(table, name);
  const subnets = subnetsOf(request);
  checkFamilies(request);
  refuseOverlap(table, subnets);
  return {
    id: randomHex(32),
    name,
    subnets,
    internal: request.internal ?? false,
    ipv4: request.ipv4 ?? true,
    ipv6: (request.ipv6 ?? false) || subnets.some(({ cidr }) => cidr.includes(':')),
    options: Object.entries(options).map(([key, value]) => ({ key, value })),
  };
}

function checkFamilies({ ipv4 = true, ipv6 = false, subnets = [] }: CreateNetworkRequest): void {
  if (ipv4) return;
  if (!ipv6) throw refuse('IPv4 or IPv6 must be enabled.', 'Give --ipv6 beside --ipv4=false.');
  const v4 = subnets.find((cidr) => parseSubnet(cidr)?.family === 4);
  if (v4 === undefined) return;
  throw refuse(`the subnet ${v4} is of IPv4, which is disabled.`, 'Leave out --ipv4=false, or the subnet.');
}

/**
 * Addresses that no container is to get, in their canonical form.
 * @throws WherryError `E_NETWORK_FLAG` for one outside of the subnets that were asked for
 */
export function auxiliaryOf({ subnets = [], auxiliary = {} }: CreateNetworkRequest): Record<string, string> {
  return Object.fromEntries(
    Object.entries(auxiliary).map(([name, text]) => {
      const address = parseAddress(text);
      if (address === undefined || !subnets.some((cidr) => isInside(cidr, text))) {
        throw refuse(`no matching subnet for aux-address ${text}.`, SUBNET_HINT);
      }
      return [name, formatAddress(address)];
    }),
  );
}

function checkName(table: NetworkTable, name: string): void {
  if (BUILT_IN.includes(name) || name === 'default' || name === 'slirp') {
    throw new WherryError(`operation is not permitted on predefined ${name} network`, {
      code: 'E_NETWORK_BUILT_IN',
      hint: 'Give the network another name.',
    });
  }
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(name) || name.length > 255) {
    throw new WherryError(`invalid network name ${JSON.stringify(name)}.`, {
      code: 'E_NETWORK_NAME',
      hint: 'A name has letters, digits, hyphens, dots and underscores, and begins with a letter or digit.',
    });
  }
  if (table.byName(name) === undefined) return;
  throw new WherryError(`network with name ${name} already exists`, {
    code: 'E_NETWORK_EXISTS',
    hint: `wherry network rm ${name}   removes it.`,
  });
}

/** What the kernel lets no interface have, or no packet go to (RFC 6890). */
const USELESS: readonly (readonly [cidr: string, what: string])[] = [
  ['127.0.0.0/8', 'the loopback interface'],
  ['224.0.0.0/3', 'multicast or reserved'],
  ['::1/128', 'the loopback interface'],
  ['fe80::/10', 'single links'],
  ['ff00::/8', 'multicast'],
];

function refuseUseless(subnet: Subnet): void {
  const text = formatSubnet(subnet);
  if (subnet.prefix === widthOf(subnet.family)) {
    throw refuse(`the subnet ${text} has no room for a gateway and a container.`, SUBNET_HINT);
  }
  for (const [cidr, what] of USELESS) {
    const other = parseSubnet(cidr);
    if (other === undefined || !overlaps(subnet, other)) continue;
    throw refuse(`the subnet ${text} has addresses of ${cidr}, which are for ${what}.`, SUBNET_HINT);
  }
}

/** The first and the last address of an IPv4 subnet that has others. */
function isNobodys(subnet: Subnet, { value }: Address): boolean {
  if (subnet.family === 6 || subnet.prefix > 30) return false;
  return value === subnet.value || value === lastOf(subnet);
}

function subnetsOf({
  subnets = [],
  gateways = [],
  ipRanges = [],
}: CreateNetworkRequest): readonly SubnetConfig[] {
  const parsed = subnets.map((text) => {
    const subnet = parseSubnet(text);
    if (subnet === undefined) throw refuse(`invalid subnet ${text}.`, SUBNET_HINT);
    const own = parseAddress(text.split('/')[0] ?? '');
    if (own?.value !== subnet.value) {
      throw refuse(`invalid subnet ${text}: it should be ${formatSubnet(subnet)}.`, SUBNET_HINT);
    }
    refuseUseless(subnet);
    return subnet;
  });
  if (parsed.length === 0 && (gateways.length > 0 || ipRanges.length > 0)) {
    throw refuse('a gateway or range of addresses needs a subnet.', SUBNET_HINT);
  }
  const gatewaysLeft = new Set(gateways);
  const rangesLeft = new Set(ipRanges);
  const result = parsed.map((subnet) => {
    const gateway = gateways.find((text) => {
      const address = parseAddress(text);
      return address !== undefined && contains(subnet, address);
    });
    const range = ipRanges.find((text) => {
      const inner = parseSubnet(text);
      return inner !== undefined && contains(subnet, inner) && inner.prefix >= subnet.prefix;
    });
    gatewaysLeft.delete(gateway ?? '');
    rangesLeft.delete(range ?? '');
    const address = gateway === undefined ? undefined : parseAddress(gateway);
    if (address !== undefined && isNobodys(subnet, address)) {
      throw refuse(
        `the gateway ${gateway} is the address of the network ${formatSubnet(subnet)} itself, or its broadcast address.`,
        SUBNET_HINT,
      );
    }
    const inner = range === undefined ? undefined : parseSubnet(range);
    return {
      cidr: formatSubnet(subnet),
      ...(address === undefined ? {} : { gateway: formatAddress(address) }),
      ...(inner === undefined ? {} : { ipRange: formatSubnet(inner) }),
    };
  });
  for (const text of gatewaysLeft) throw refuse(`no matching subnet for gateway ${text}.`, SUBNET_HINT);
  for (const text of rangesLeft) throw refuse(`no matching subnet for range ${text}.`, SUBNET_HINT);
  return result;
}

/** A driver knows of its own networks alone. */
function refuseOverlap(table: NetworkTable, subnets: readonly SubnetConfig[]): void {
  for (const { cidr } of subnets) {
    const subnet = parseSubnet(cidr);
    for (const other of table.all()) {
      const clash = other.config.subnets.find((each) => {
        const theirs = parseSubnet(each.cidr);
        return subnet !== undefined && theirs !== undefined && overlaps(subnet, theirs);
      });
      if (clash === undefined) continue;
      throw new WherryError(`Pool overlaps with other one on this address space: ${cidr}`, {
        code: 'E_SUBNET_OVERLAP',
        hint: `Network ${other.name} has ${clash.cidr}; choose another --subnet.`,
      });
    }
  }
}
