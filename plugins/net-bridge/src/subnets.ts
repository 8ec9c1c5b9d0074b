import { inUse, invalid } from '@wherry/sdk-assemblyscript/guest/failure.ts';
import { stateGet, stateList } from '@wherry/sdk-assemblyscript/guest/host.ts';
import {
  type DriverError,
  type Facts,
  type NetworkConfig,
  Subnet,
} from '@wherry/sdk-assemblyscript/guest/types.ts';
import { firstAddress, isInside, isIPv6, overlap } from './cidr.ts';

const NETWORKS = 'network/';

/** The addresses of the one uplink that all of a user's networks have. */
export const UPLINK_CIDR = '10.0.2.0/24';

export function networkKey(id: string): string {
  return NETWORKS + id;
}

/** The subnets of a network as its entry in the state. */
export function subnetText(subnets: Subnet[]): string {
  let text = '';
  for (let i = 0; i < subnets.length; i++) text += (i === 0 ? '' : ' ') + subnets[i].cidr;
  return text;
}

/** Whether a subnet has addresses in common with a network other than `id`. */
function isTaken(cidr: string, id: string): bool {
  const keys = stateList(NETWORKS);
  for (let i = 0; i < keys.length; i++) {
    if (keys[i] === networkKey(id)) continue;
    const text = stateGet(keys[i]);
    if (text === null || text === '') continue;
    const subnets = text.split(' ');
    for (let j = 0; j < subnets.length; j++) {
      if (overlap(subnets[j], cidr)) return true;
    }
  }
  return false;
}

function isRouted(cidr: string, facts: Facts): bool {
  for (let i = 0; i < facts.routes.length; i++) {
    if (overlap(facts.routes[i], cidr)) return true;
  }
  return false;
}

/** What is wrong with the subnets of a configuration, if anything. */
export function checkSubnets(config: NetworkConfig): DriverError | null {
  let v4 = 0;
  let v6 = 0;
  for (let i = 0; i < config.subnets.length; i++) {
    const subnet = config.subnets[i];
    if (isIPv6(subnet.cidr)) v6++;
    else v4++;
    if (isTaken(subnet.cidr, config.id)) {
      return inUse(
        `invalid pool request: Pool overlaps with other one on this address space: ${subnet.cidr}`,
        'Choose another --subnet; wherry network ls and inspect show those in use.',
      );
    }
    if (!config.internal && isInside(subnet.cidr, UPLINK_CIDR)) {
      return inUse(
        `invalid pool request: Pool overlaps with the uplink’s, ${UPLINK_CIDR}: ${subnet.cidr}`,
        'Its containers would reach nothing outside; choose another --subnet, or make it --internal.',
      );
    }
    if (subnet.gateway === null && firstAddress(subnet.cidr) === '') {
      return invalid(`the subnet ${subnet.cidr} has no gateway`, 'Give it one by --gateway.');
    }
  }
  if (v4 <= 1 && v6 <= 1) return null;
  return invalid(
    'bridge driver doesn’t support multiple subnets of one address family',
    'Give one IPv4 subnet and one IPv6 subnet at most.',
  );
}

/** Docker's own pools in order: 172.17 to 172.31 with 16 bits, then 192.168 in pieces of 20. */
function pool(index: i32): string {
  if (index < 15) return `172.${(17 + index).toString()}.0.0/16`;
  return `192.168.${((index - 15) * 16).toString()}.0/20`;
}

/** The first subnet that neither a network nor a route of the host has; empty when there is none. */
function freeSubnet(config: NetworkConfig, facts: Facts): string {
  for (let index: i32 = 0; index < 31; index++) {
    const cidr = pool(index);
    if (!isTaken(cidr, config.id) && !isRouted(cidr, facts)) return cidr;
  }
  return '';
}

/** A prefix of its own for unique local addresses (RFC 4193), from the network's id. */
function ownPrefix(id: string): string {
  return `fd${id.substring(0, 2)}:${id.substring(2, 6)}:${id.substring(6, 10)}::/64`;
}

function subnetWithGateway(cidr: string, gateway: string | null, ipRange: string | null): Subnet {
  const subnet = new Subnet();
  subnet.cidr = cidr;
  subnet.gateway = gateway === null ? firstAddress(cidr) : gateway;
  subnet.ipRange = ipRange;
  return subnet;
}

/** The subnets with what the user left open filled in; none when no IPv4 subnet is free that it needs. */
export function completeSubnets(config: NetworkConfig, facts: Facts): Subnet[] {
  const subnets: Subnet[] = [];
  let v4 = false;
  let v6 = false;
  for (let i = 0; i < config.subnets.length; i++) {
    const given = config.subnets[i];
    if (isIPv6(given.cidr)) v6 = true;
    else v4 = true;
    subnets.push(subnetWithGateway(given.cidr, given.gateway, given.ipRange));
  }
  if (config.ipv4 && !v4) {
    const cidr = freeSubnet(config, facts);
    if (cidr === '') return [];
    subnets.unshift(subnetWithGateway(cidr, null, null));
  }
  if (config.ipv6 && !v6) subnets.push(subnetWithGateway(ownPrefix(config.id), null, null));
  return subnets;
}
