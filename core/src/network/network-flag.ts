import { misread, refusedFlags } from '../errors/argument.ts';
import { parseCsvLine } from '../volume/csv.ts';
import type { EndpointRequest } from './request.ts';

/** One `--network`, in Docker's short form (`NAME`) or its long one (`name=NAME,alias=…,ip=…`). */
export type NetworkFlag = EndpointRequest & { readonly network: string };

/**
 * Reads one `--network`. Modes with options of their own, such as `slirp:mtu=1500`, are in the short form.
 * @throws WherryError `E_NETWORK_FLAG`
 */
export function parseNetworkFlag(text: string): NetworkFlag {
  if (text === '') throw refusedFlags('no name set for network', HINT, CODE);
  if (!/^"?[a-z0-9-]+=/i.test(text)) return { network: text };
  const wrong = (reason: string) =>
    misread({ flag: '--network', value: text, reason, hint: HINT, code: CODE });
  const aliases: string[] = [];
  const driverOptions: string[] = [];
  const linkLocalIps: string[] = [];
  const single: {
    network?: string;
    ip?: string;
    ip6?: string;
    macAddress?: string;
    gatewayPriority?: number;
  } = {};
  for (const field of parseCsvLine(text) ?? []) {
    const equals = field.indexOf('=');
    if (equals < 1) throw wrong(`invalid field ${field}`);
    const value = field.slice(equals + 1).trim();
    const key = field.slice(0, equals).trim().toLowerCase();
    if (key === 'name') single.network = value;
    else if (key === 'alias') aliases.push(value);
    else if (key === 'driver-opt') {
      if (!value.includes('=')) throw wrong('invalid key value pair format in driver options');
      driverOptions.push(value);
    } else if (key === 'link-local-ip') linkLocalIps.push(value);
    else if (key === 'ip') single.ip = value;
    else if (key === 'ip6') single.ip6 = value;
    else if (key === 'mac-address') single.macAddress = value;
    else if (key === 'gw-priority') {
      if (!/^[+-]?\d{1,9}$/.test(value)) throw wrong(`invalid gw-priority (${value}): invalid syntax`);
      single.gatewayPriority = Number(value);
    } else throw wrong(`invalid field key ${key}`);
  }
  const { network = '' } = single;
  if (network === '') throw wrong('network name/id is not specified');
  return {
    ...single,
    network,
    aliases,
    driverOptions,
    ...(linkLocalIps.length === 0 ? {} : { linkLocalIps }),
  };
}

const CODE = 'E_NETWORK_FLAG';
const HINT =
  'Write --network NAME, or --network name=NAME,alias=NAME,ip=ADDRESS,ip6=,link-local-ip=,mac-address=,driver-opt=,gw-priority=.';

/** What --network-alias and the like say is of the first network, and may not be said there too. */
export function withFlags(first: NetworkFlag, flags: EndpointRequest): EndpointRequest {
  const { network: _, ...own } = first;
  const clash =
    (own.aliases?.length ?? 0) > 0 && (flags.aliases?.length ?? 0) > 0
      ? '--network-alias and per-network alias'
      : own.ip !== undefined && flags.ip !== undefined
        ? '--ip and per-network IPv4 address'
        : own.ip6 !== undefined && flags.ip6 !== undefined
          ? '--ip6 and per-network IPv6 address'
          : own.macAddress !== undefined && flags.macAddress !== undefined
            ? '--mac-address and per-network MAC address'
            : (own.linkLocalIps?.length ?? 0) > 0 && (flags.linkLocalIps?.length ?? 0) > 0
              ? '--link-local-ip and per-network link-local IP addresses'
              : undefined;
  if (clash !== undefined)
    throw refusedFlags(`conflicting options: cannot specify both ${clash}`, HINT, CODE);
  const given = Object.entries(flags).filter(
    ([, value]) => value !== undefined && (!Array.isArray(value) || value.length > 0),
  );
  return { ...own, ...Object.fromEntries(given) };
}
