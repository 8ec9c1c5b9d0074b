import { WherryError } from '../errors/error.ts';
import type { NetworkConfig, Subnet as SubnetConfig } from '../plugin/contract.ts';
import {
  type Address,
  contains,
  formatAddress,
  lastOf,
  parseAddress,
  parseSubnet,
  type Subnet,
  widthOf,
} from './address.ts';
import type { EndpointRow } from './table.ts';

/**
 * Chooses the addresses of an endpoint: those that were asked for, else the lowest ones that are free.
 * @param taken addresses of others, with who has them
 * @param auxiliary addresses that no container gets, by name
 * @throws WherryError `E_ADDRESS_IN_USE`, `E_NO_ADDRESS`, `E_ADDRESS`
 */
export function chooseAddresses(
  config: NetworkConfig,
  endpoint: EndpointRow,
  taken: ReadonlyMap<string, string>,
  auxiliary: Readonly<Record<string, string>> = {},
): EndpointRow {
  const reserved = new Set(Object.values(auxiliary));
  const choose = (family: 4 | 6, asked: string | undefined): string | undefined => {
    const subnet = config.subnets.find(({ cidr }) => parseSubnet(cidr)?.family === family);
    if (subnet === undefined) {
      if (asked !== undefined) throw outside(asked, config);
      return undefined;
    }
    return asked === undefined
      ? lowestFree(config, subnet, taken, reserved)
      : checkAsked(config, subnet, asked, taken, reserved);
  };
  const ip4 = choose(4, endpoint.askedIp4);
  const ip6 = choose(6, endpoint.askedIp6);
  return { ...endpoint, ip4, ip6, mac: endpoint.askedMac ?? ownMac(endpoint, ip4) };
}

function subnetOf(subnet: SubnetConfig): Subnet {
  const parsed = parseSubnet(subnet.cidr);
  if (parsed === undefined) throw new Error(`a network was kept with the subnet ${subnet.cidr}`);
  return parsed;
}

/** The network's address, the gateway and the broadcast address are nobody's. */
function isReserved(subnet: Subnet, gateway: string | undefined, value: bigint): boolean {
  if (gateway !== undefined && parseAddress(gateway)?.value === value) return true;
  if (widthOf(subnet.family) - subnet.prefix < 2) return false;
  return value === subnet.value || (subnet.family === 4 && value === lastOf(subnet));
}

function lowestFree(
  config: NetworkConfig,
  given: SubnetConfig,
  taken: ReadonlyMap<string, string>,
  reserved: ReadonlySet<string>,
): string {
  const subnet = subnetOf(given);
  const range = given.ipRange === undefined ? subnet : (parseSubnet(given.ipRange) ?? subnet);
  for (let value = range.value; value <= lastOf(range); value += 1n) {
    if (isReserved(subnet, given.gateway, value)) continue;
    const text = formatAddress({ family: subnet.family, value });
    if (!taken.has(text) && !reserved.has(text)) return text;
  }
  throw new WherryError(`no available IPv${subnet.family} addresses on network ${config.name}.`, {
    code: 'E_NO_ADDRESS',
    hint: 'Stop containers of that network, or create one with a larger --subnet.',
  });
}

function checkAsked(
  config: NetworkConfig,
  given: SubnetConfig,
  asked: string,
  taken: ReadonlyMap<string, string>,
  reserved: ReadonlySet<string>,
): string {
  const subnet = subnetOf(given);
  const address = parseAddress(asked) as Address | undefined;
  if (address === undefined || !contains(subnet, address)) throw outside(asked, config);
  const text = formatAddress(address);
  const holder = taken.get(text);
  const nobodys = reserved.has(text) || isReserved(subnet, given.gateway, address.value);
  if (holder === undefined && !nobodys) return text;
  throw new WherryError(`Address already in use: ${text} on network ${config.name}.`, {
    code: 'E_ADDRESS_IN_USE',
    hint:
      holder === undefined
        ? "It is the network's own address, its gateway's, the broadcast address or an --aux-address; choose another."
        : `Container ${holder.slice(0, 12)} has it; choose another, or stop that container.`,
  });
}

function outside(asked: string, config: NetworkConfig): WherryError {
  const subnets = config.subnets.map(({ cidr }) => cidr).join(' and ') || 'no subnet';
  return new WherryError(
    `invalid address ${asked}: it does not belong to network ${config.name}'s subnets.`,
    {
      code: 'E_ADDRESS',
      hint: `Network ${config.name} has ${subnets}.`,
    },
  );
}

/** As Docker's used to be: `02:42` and the IPv4 address; from the endpoint's id without one. */
function ownMac(endpoint: EndpointRow, ip4: string | undefined): string {
  const address = ip4 === undefined ? undefined : parseAddress(ip4);
  const tail = address === undefined ? endpoint.id.slice(0, 8) : address.value.toString(16).padStart(8, '0');
  return `02:42:${tail.match(/../g)?.join(':') ?? ''}`;
}
