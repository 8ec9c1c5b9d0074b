import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { settlePorts } from '../../src/network/port-check.ts';
import { parsePublish } from '../../src/network/ports.ts';

const taken = createServer();
let port = 0;
beforeAll(async () => {
  taken.listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const address = taken.address();
  port = typeof address === 'object' ? (address?.port ?? 0) : 0;
});
afterAll(() => {
  taken.close();
});

it('leaves the choice of a free port to the launcher, unless a helper has to be told of it', async () => {
  const asked = ['127.0.0.1::80', '127.0.0.1::81/udp'].flatMap(parsePublish);
  expect(await settlePorts(asked)).toEqual(asked);
  const settled = await settlePorts(asked, 'chosen-now');
  expect(settled).toMatchObject([
    { protocol: 'tcp', hostIp: '127.0.0.1', containerPort: 80 },
    { protocol: 'udp', hostIp: '127.0.0.1', containerPort: 81 },
  ]);
  for (const { hostPort } of settled) expect(hostPort).toBeGreaterThan(0);
});

it('refuses a port in use, and takes another one of a range', async () => {
  await expect(settlePorts(parsePublish(`127.0.0.1:${port}:80`), 'chosen-now')).rejects.toMatchObject({
    code: 'E_PORT_IN_USE',
  });
  const [settled] = await settlePorts(parsePublish(`127.0.0.1:${port}-${port + 20}:80`));
  expect(settled?.hostPort).toBeGreaterThan(port);
});
