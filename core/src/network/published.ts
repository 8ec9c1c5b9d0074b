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

/** The PORTS column of `ps`. */
export function portsText(ports: readonly PortBinding[], exposed: readonly string[]): string {
  const published = new Set(ports.map(({ containerPort, protocol }) => `${containerPort}/${protocol}`));
  return [
    ...ports.flatMap(({ protocol, hostIp, hostPort, containerPort }) =>
      (hostIp === '' ? ['0.0.0.0', '[::]'] : [hostIp.includes(':') ? `[${hostIp}]` : hostIp]).map(
        (ip) => `${ip}:${hostPort}->${containerPort}/${protocol}`,
      ),
    ),
    ...exposed.filter((port) => !published.has(port)),
  ].join(', ');
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Nothing was published.
    return '';
  }
}
