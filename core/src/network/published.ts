import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PortBinding } from './request.ts';

/** What a container's monitor has published: the file `ports` in its directory (launcher/PROGRAM.md). */
export function readPorts(directory: string): readonly PortBinding[] {
  return readText(join(directory, 'ports'))
    .split('\n')
    .flatMap((line) => {
      const [protocol, hostIp, hostPort, containerPort] = line.split(' ');
      if ((protocol !== 'tcp' && protocol !== 'udp') || hostIp === undefined) return [];
      const host = hostIp === '*' ? '' : hostIp;
      return [
        { protocol, hostIp: host, hostPort: Number(hostPort), containerPort: Number(containerPort) } as const,
      ];
    });
}

/** A port as `ps` shows it: unpublished, or with an address and port of the host. */
interface ShownPort {
  readonly port: number;
  readonly protocol: string;
  /** In brackets for IPv6; empty for a port that isn't published. */
  readonly ip: string;
  readonly hostPort: number;
}

/**
 * The PORTS column of `ps`, in Docker's order: ports that are published as themselves, and those that aren't published, in
 * ranges; then those with another number on the host.
 */
export function portsText(ports: readonly PortBinding[], exposed: readonly string[]): string {
  const published = new Set(ports.map(({ containerPort, protocol }) => `${containerPort}/${protocol}`));
  const all: ShownPort[] = [
    ...ports.flatMap(({ protocol, hostIp, hostPort, containerPort }) =>
      (hostIp === '' ? ['0.0.0.0', '::'] : [hostIp]).map((ip) => ({
        ...{ port: containerPort, protocol, hostPort },
        ip: ip.includes(':') ? `[${ip}]` : ip,
      })),
    ),
    ...exposed
      .filter((port) => !published.has(port))
      .map((text) => {
        const [port = '', protocol = 'tcp'] = text.split('/');
        return { port: Number(port), protocol, ip: '', hostPort: Number(port) };
      }),
  ];
  all.sort((a, b) => a.port - b.port || compare(a.ip, b.ip) || a.hostPort - b.hostPort);
  const moved = all
    .filter(({ port, hostPort }) => port !== hostPort)
    .map(({ ip, hostPort, port, protocol }) => `${ip}:${hostPort}->${port}/${protocol}`);
  return [...rangesOf(all.filter(({ port, hostPort }) => port === hostPort)), ...moved].join(', ');
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Consecutive ports of one address and protocol, as `8000-8003`. */
function rangesOf(ports: readonly ShownPort[]): readonly string[] {
  const ranges: { readonly first: ShownPort; last: number }[] = [];
  for (const each of ports) {
    const range = ranges.findLast(({ first }) => first.ip === each.ip && first.protocol === each.protocol);
    if (range !== undefined && range.last + 1 === each.port) range.last = each.port;
    else ranges.push({ first: each, last: each.port });
  }
  return ranges.map(({ first: { ip, port, protocol }, last }) => {
    const text = port === last ? String(port) : `${port}-${last}`;
    return `${ip === '' ? '' : `${ip}:${text}->`}${text}/${protocol}`;
  });
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Nothing was published.
    return '';
  }
}
