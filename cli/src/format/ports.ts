import type { PortBinding } from '@wherry/core/api';
import { byNature } from './natural.ts';

/** Host addresses of a binding as Docker shows them: all of them are two, one for each family. */
const hostsOf = ({ hostIp, hostPort }: PortBinding): readonly string[] =>
  (hostIp === '' ? ['0.0.0.0', '::'] : [hostIp]).map(
    (ip) => `${ip.includes(':') ? `[${ip}]` : ip}:${hostPort}`,
  );

/**
 * Lines of `docker port`: all bindings, or the addresses alone of the one port that is asked for.
 * @param asked `80` or `80/udp`
 */
export function portLines(ports: readonly PortBinding[], asked: string | undefined): readonly string[] {
  if (asked === undefined) {
    return ports
      .flatMap((port) => hostsOf(port).map((host) => `${port.containerPort}/${port.protocol} -> ${host}`))
      .sort(byNature);
  }
  const [number, protocol = 'tcp'] = asked.split('/');
  return ports
    .filter((port) => String(port.containerPort) === number && port.protocol === protocol.toLowerCase())
    .flatMap(hostsOf)
    .sort(byNature);
}
