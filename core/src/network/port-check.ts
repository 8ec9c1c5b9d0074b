import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { EXIT, WherryError } from '../errors/error.ts';
import type { PublishedPort } from './request.ts';

/** Tries to listen. @returns the error's code, undefined when it went well. */
function tryPort(protocol: 'tcp' | 'udp', hostIp: string, port: number): Promise<string | undefined> {
  const code = (error: NodeJS.ErrnoException): string => error.code ?? 'EIO';
  return new Promise((resolve) => {
    if (protocol === 'udp') {
      const socket = createSocket(hostIp === '' || hostIp.includes(':') ? 'udp6' : 'udp4');
      socket.once('error', (error) => socket.close(() => resolve(code(error))));
      socket.bind({ port, exclusive: true, ...(hostIp === '' ? {} : { address: hostIp }) }, () =>
        socket.close(() => resolve(undefined)),
      );
      return;
    }
    const server = createServer();
    server.once('error', (error) => resolve(code(error)));
    server.listen({ port, exclusive: true, ...(hostIp === '' ? {} : { host: hostIp }) }, () =>
      server.close(() => resolve(undefined)),
    );
  });
}

/**
 * Makes sure, before anything is started, that ports can be listened on, and chooses from ranges. A port that another
 * process takes in the meantime is still refused by the launcher.
 * @throws WherryError `E_PORT_IN_USE`, `E_PORT_PRIVILEGED`, `E_PORT_ADDRESS`
 */
export async function settlePorts(ports: readonly PublishedPort[]): Promise<readonly PublishedPort[]> {
  const settled: PublishedPort[] = [];
  for (const port of ports) {
    refuseTwice(settled, port);
    settled.push(await settlePort(port));
  }
  return settled;
}

async function settlePort(port: PublishedPort): Promise<PublishedPort> {
  const { protocol, hostIp, hostPort, hostPortEnd = hostPort, containerPort } = port;
  if (hostPort === 0) return port;
  let problem: string | undefined;
  for (let candidate = hostPort; candidate <= hostPortEnd; candidate += 1) {
    problem = await tryPort(protocol, hostIp, candidate);
    if (problem === undefined) return { protocol, hostIp, hostPort: candidate, containerPort };
    if (problem !== 'EADDRINUSE') break;
  }
  throw refusal(port, problem ?? 'EADDRINUSE');
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
      exitCode: EXIT.engine,
    });
  }
  if (problem === 'EACCES') {
    const first = unprivilegedStart();
    return new WherryError(`Bind for ${place} failed: ports below ${first} are not an ordinary user's.`, {
      code: 'E_PORT_PRIVILEGED',
      hint:
        `Choose a port from ${first} up, or have the administrator run: ` +
        `sysctl net.ipv4.ip_unprivileged_port_start=${port.hostPort}`,
      exitCode: EXIT.engine,
    });
  }
  return new WherryError(`Bind for ${place} failed: the host has no such address.`, {
    code: 'E_PORT_ADDRESS',
    hint: 'Publish on an address of this machine; ip addr lists them.',
    exitCode: EXIT.engine,
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
