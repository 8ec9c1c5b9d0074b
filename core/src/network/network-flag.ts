import { EXIT, WherryError } from '../errors/error.ts';
import { parseCsvLine } from '../volume/csv.ts';
import type { EndpointRequest } from './request.ts';

/** One `--network`, in Docker's short form (`NAME`) or its long one (`name=NAME,alias=…,ip=…`). */
export type NetworkFlag = EndpointRequest & { readonly network: string };

/**
 * Reads one `--network`. Modes with options of their own, such as `slirp:mtu=1500`, are in the short form.
 * @throws WherryError `E_NETWORK_FLAG`
 */
export function parseNetworkFlag(text: string): NetworkFlag {
  if (!/^"?[a-z0-9-]+=/i.test(text)) return { network: text };
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
    if (equals < 1) throw invalid(`invalid field ${JSON.stringify(field)} in --network`);
    const value = field.slice(equals + 1).trim();
    const key = field.slice(0, equals).trim().toLowerCase();
    if (key === 'name') single.network = value;
    else if (key === 'alias') aliases.push(value);
    else if (key === 'driver-opt') driverOptions.push(value);
    else if (key === 'link-local-ip') linkLocalIps.push(value);
    else if (key === 'ip') single.ip = value;
    else if (key === 'ip6') single.ip6 = value;
    else if (key === 'mac-address') single.macAddress = value;
    else if (key === 'gw-priority') single.gatewayPriority = priority(value);
    else throw invalid(`invalid field key ${JSON.stringify(key)} in --network`);
  }
  const { network = '' } = single;
  if (network === '') throw invalid('network name/id is not specified in --network');
  return {
    ...single,
    network,
    aliases,
    driverOptions,
    ...(linkLocalIps.length === 0 ? {} : { linkLocalIps }),
  };
}

function priority(text: string): number {
  if (/^[+-]?\d{1,9}$/.test(text)) return Number(text);
  throw invalid(`invalid gw-priority (${text}): it is no number`);
}

function invalid(sentence: string): WherryError {
  return new WherryError(`${sentence}.`, {
    code: 'E_NETWORK_FLAG',
    hint: 'Write --network NAME, or --network name=NAME,alias=NAME,ip=ADDRESS,ip6=,link-local-ip=,mac-address=,driver-opt=,gw-priority=.',
    exitCode: EXIT.engine,
  });
}

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
  if (clash !== undefined) throw invalid(`conflicting options: cannot specify both ${clash}`);
  const given = Object.entries(flags).filter(
    ([, value]) => value !== undefined && (!Array.isArray(value) || value.length > 0),
  );
  return { ...own, ...Object.fromEntries(given) };
}
