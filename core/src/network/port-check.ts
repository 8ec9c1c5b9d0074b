import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { WherryError } from '../errors/error.ts';
import type { PublishedPort } from './request.ts';

/** Tries to listen, on any free port when it is 0. @returns the port, or the error's code */
function tryPort(protocol: 'tcp' | 'udp', hostIp: string, port: number): Promise<number | string> {
  const code = (error: NodeJS.ErrnoException): string => error.code ?? 'EIO';
  return new Promise((resolve) => {
    if (protocol === 'udp') {
      const socket = createSocket(hostIp === '' || hostIp.includes(':') ? 'udp6' : 'udp4');
      socket.once('error', (error) => socket.close(() => resolve(code(error))));
      socket.bind({ port, exclusive: true, ...(hostIp === '' ? {} : { address: hostIp }) }, () => {
        const { port: bound } = socket.address();
        socket.close(() => resolve(bound));
      });
      return;
    }
    const server = createServer();
    server.once('error', (error) => resolve(code(error)));
    server.listen({ port, exclusive: true, ...(hostIp === '' ? {} : { host: hostIp }) }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? port) : port));
    });
  });
}

/**
 * Makes sure, before anything is started, that ports can be listened on, and chooses from ranges. A port that another
 * process takes in the meantime is still refused by the launcher.
 * @param free who chooses the free ports that are asked for: the launcher keeps hold of those that it chooses, a helper has to be
 * told of them
 * @throws WherryError `E_PORT_IN_USE`, `E_PORT_PRIVILEGED`, `E_PORT_ADDRESS`
 */
export async function settlePorts(
  ports: readonly PublishedPort[],
  free: 'chosen-now' | 'chosen-by-launcher' = 'chosen-by-launcher',
): Promise<readonly PublishedPort[]> {
  const settled: PublishedPort[] = [];
  for (const port of ports) {
    refuseTwice(settled, port);
    const choose = port.hostPort === 0 && free === 'chosen-now';
    settled.push(choose ? await chooseFree(port, settled) : await settlePort(port));
  }
  return settled;
}

async function chooseFree(port: PublishedPort, settled: readonly PublishedPort[]): Promise<PublishedPort> {
  const { protocol, hostIp, containerPort } = port;
  for (;;) {
    const chosen = await tryPort(protocol, hostIp, 0);
    if (typeof chosen === 'string') throw refusal(port, chosen);
    if (settled.some((other) => other.protocol === protocol && other.hostPort === chosen)) continue;
    return { protocol, hostIp, hostPort: chosen, containerPort };
  }
}

async function settlePort(port: PublishedPort): Promise<PublishedPort> {
  const { protocol, hostIp, hostPort, hostPortEnd = hostPort, containerPort } = port;
  if (hostPort === 0) return port;
  let outcome: number | string = 'EADDRINUSE';
  for (let candidate = hostPort; candidate <= hostPortEnd; candidate += 1) {
    outcome = await tryPort(protocol, hostIp, candidate);
    if (typeof outcome === 'number') return { protocol, hostIp, hostPort: candidate, containerPort };
    if (outcome !== 'EADDRINUSE') break;
  }
  throw refusal(port, String(outcome));
}

function refuseTwice(settled: readonly PublishedPort[], port: PublishedPort): void {
  const same = settled.some(
    (other) =>
      port.hostPort !== 0 &&
      port.hostPortEnd === undefined &&
      other.protocol === port.protocol &&
      other.hostPort === port.hostPort &&
      (other.hostIp === port.hostIp || other.hostIp === '' || port.hostIp === ''),
  );
  if (same) throw refusal(port, 'EADDRINUSE');
}

const placeOf = ({ hostIp, hostPort, hostPortEnd }: PublishedPort): string => {
  const ip = hostIp === '' ? '0.0.0.0' : hostIp.includes(':') ? `[${hostIp}]` : hostIp;
  return `${ip}:${hostPort}${hostPortEnd === undefined ? '' : `-${hostPortEnd}`}`;
};

function refusal(port: PublishedPort, problem: string): WherryError {
  const place = placeOf(port);
  if (problem === 'EADDRINUSE') {
    return new WherryError(`Bind for ${place} failed: port is already allocated.`, {
      code: 'E_PORT_IN_USE',
      hint: `Choose another port: -p ${port.hostPort + 1}:${port.containerPort}; ss -tlnp shows who listens.`,
    });
  }
  if (problem === 'EACCES') {
    const first = unprivilegedStart();
    return new WherryError(`Bind for ${place} failed: ports below ${first} are not an ordinary user's.`, {
      code: 'E_PORT_PRIVILEGED',
      hint:
        `Choose a port from ${first} up, or have the administrator run: ` +
        `sysctl net.ipv4.ip_unprivileged_port_start=${port.hostPort}`,
    });
  }
  return new WherryError(`Bind for ${place} failed: the host has no such address.`, {
    code: 'E_PORT_ADDRESS',
    hint: 'Publish on an address of this machine; ip addr lists them.',
  });
}

function unprivilegedStart(): number {
  try {
    return Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'latin1'));
  } catch {
    // Kernels before 4.11 have no such setting.
    return 1024;
  }
}
