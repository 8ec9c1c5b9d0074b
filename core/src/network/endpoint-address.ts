import type { EndpointRow, NetworkRow } from './table.ts';

/** Leased addresses in CIDR form. */
export function addressesOf({ config }: NetworkRow, { ip4, ip6 }: EndpointRow): readonly string[] {
  return [ip4, ip6].flatMap((address) => {
    if (address === undefined) return [];
    const subnet = config.subnets.find(({ cidr }) => cidr.includes(':') === address.includes(':'));
    return subnet === undefined ? [] : [`${address}/${subnet.cidr.split('/')[1]}`];
  });
}
