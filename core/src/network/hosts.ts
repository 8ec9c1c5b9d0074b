import { networkInterfaces } from 'node:os';
import type { Networking } from './request.ts';

/** One line of hosts(5). */
export interface HostLine {
  readonly address: string;
  readonly names: readonly string[];
}

/** Names that lead to one container: its own, its aliases, and the short id. */
export function memberNames(name: string, aliases: readonly string[], id: string): readonly string[] {
  return [...new Set([name, ...aliases, id.slice(0, 12)])].filter((each) => each !== '');
}

/**
 * The address by which a container reaches its host: one that isn't the loopback's. Undefined when the host has none.
 */
export function hostGateway(interfaces = networkInterfaces()): string | undefined {
  const all = Object.values(interfaces).flatMap((each) => each ?? []);
  const outside = all.filter(({ internal, scopeid }) => !internal && !scopeid);
  return (outside.find(({ family }) => family === 'IPv4') ?? outside[0])?.address;
}

/** Lines for `--add-host`; `host-gateway` stands for the host's address, and is left out when it has none. */
export function addedHosts(
  { addHosts }: Networking,
  gateway: () => string | undefined = hostGateway,
): readonly HostLine[] {
  return addHosts.flatMap(({ name, address }) => {
    const actual = address === 'host-gateway' ? gateway() : address;
    return actual === undefined ? [] : [{ address: actual, names: [name] }];
  });
}
