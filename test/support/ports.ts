import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * The first of `count` ports in a row that nobody listens at, below those that the kernel gives to connections (ip(7),
 * ip_local_port_range).
 */
export async function freePorts(count = 1): Promise<number> {
  for (;;) {
    const first = 10_000 + Math.floor(Math.random() * 20_000);
    const ports = Array.from({ length: count }, (_, index) => first + index);
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return first;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port);
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
