import { optionValue } from '@wherry/sdk-assemblyscript/guest/option.ts';
import type { NetworkConfig } from '@wherry/sdk-assemblyscript/guest/types.ts';
import { NAME } from './options.ts';

/** Names of links have 15 characters at most. */

export function bridgeName(config: NetworkConfig): string {
  return optionValue(config.options, NAME, `br-${config.id.substring(0, 12)}`);
}

/** What the ends of all of a network's veth pairs in the shared namespace begin with. */
export function vethPrefix(network: string): string {
  return `v${network.substring(0, 5)}`;
}

/** The end of a container's veth pair in the shared namespace. */
export function vethName(network: string, container: string): string {
  return vethPrefix(network) + container.substring(0, 9);
}

/** A bridge takes the lowest address of its ports unless it has one of its own, and would change it as they come and go. */
export function bridgeMac(network: string): string {
  let mac = '02:42';
  for (let i = 0; i < 8; i += 2) mac += `:${network.substring(i, i + 2)}`;
  return mac;
}
