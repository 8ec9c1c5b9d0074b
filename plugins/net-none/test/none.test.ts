import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { NetworkDriver } from '../../../core/src/plugin/drivers.ts';
import { openNative } from '../../../test/contract/native.ts';
import { BARE_NETWORK, FACTS } from '../../../test/contract/subject.ts';

const source: object = await import(join(import.meta.dirname, '../src/index.ts'));
const { driver } = openNative<NetworkDriver>(source);
const network = BARE_NETWORK;
const port = { protocol: 'tcp', hostIp: '', hostPort: 8080, containerPort: 80 } as const;
const endpoint = { interfaceName: 'eth0', addresses: [], mac: undefined, aliases: [] };
const request = { container: 'c', network, endpoint, ports: [port], facts: FACTS, previous: undefined };

test('a container has a namespace of its own with the loopback interface up; ports are dropped, as Docker does', () => {
  const { sharing, attachment, steps } = driver.attach(request).value;
  expect({ sharing, attachment }).toEqual({ sharing: 'own', attachment: undefined });
  expect(steps.map((step) => step.do)).toEqual([
    { tag: 'link-set', val: { namespace: 'container', name: 'lo', up: true } },
  ]);
});

test('a subnet is refused, as the driver gives no addresses', () => {
  const config = { ...network, subnets: [{ cidr: '10.1.0.0/24', gateway: undefined, ipRange: undefined }] };
  const refusal = expect.objectContaining({
    code: 'E_DRIVER_INVALID',
    message: expect.stringContaining('10.1.0.0/24'),
  });
  expect(() => driver.validate(config, FACTS)).toThrowError(refusal);
  expect(() => driver.createNetwork(config, FACTS)).toThrowError(refusal);
});

test('a port can’t be added later', () => {
  expect(() => driver.addPort('c', network, port)).toThrowError(
    expect.objectContaining({ code: 'E_DRIVER_UNSUPPORTED' }),
  );
});
