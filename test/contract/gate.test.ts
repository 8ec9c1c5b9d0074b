import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkPlan } from '../../core/src/plan/check.ts';
import { grantsOf } from '../../core/src/plan/grants.ts';
import type { PortMapping, Step } from '../../core/src/plugin/contract.ts';
import type { LogDriver, NetworkDriver, StorageDriver } from '../../core/src/plugin/drivers.ts';
import { openNative } from './native.ts';
import { BARE_NETWORK, CONTAINER, FACTS, type Subject } from './subject.ts';

const PLUGINS = join(import.meta.dirname, '../../plugins');

async function open<D>(name: string): Promise<Subject<D>> {
  const source: object = await import(join(PLUGINS, name, 'src/index.ts'));
  return openNative<D>(source);
}

test.each(['storage-overlay', 'storage-vfs'])('the gate lets every plan of %s pass', async (name) => {
  const { driver, commit } = await open<StorageDriver>(name);
  const pass = (request: string, steps: readonly Step[]): void => {
    const asker = { kind: 'storage', driver: driver.info.name, request } as const;
    expect(() => checkPlan({ asker, steps, grants: grantsOf(driver.info.permissions) })).not.toThrow();
  };
  const options = { facts: FACTS, options: [] };
  for (const [key, layer, parent] of [
    ['k1', 'L1', undefined],
    ['k2', 'L2', 'L1'],
  ] as const) {
    pass('prepare-layer', commit(driver.prepareLayer({ key, parent, ...options })).steps);
    pass('commit-layer', commit(driver.commitLayer(key, layer, parent)));
  }
  for (const [id, parent] of [
    [CONTAINER, 'L2'],
    ['empty', undefined],
  ] as const) {
    pass('prepare-container', commit(driver.prepareContainer({ id, parent, ...options })));
    for (const readOnly of [true, false]) pass('mounts', driver.mounts({ id, readOnly, ...options }).value);
  }
  pass('cleanup', driver.cleanup([]).value);
  pass('remove', commit(driver.remove(CONTAINER)));
});

test.each(['net-none', 'net-host'])('the gate lets the plan of %s pass', async (name) => {
  const { driver } = await open<NetworkDriver>(name);
  const network = BARE_NETWORK;
  const endpoint = { interfaceName: 'eth0', addresses: [], mac: undefined, aliases: [] };
  const request = { container: CONTAINER, network, endpoint, ports: [], facts: FACTS, previous: undefined };
  const { steps, sharing } = driver.attach(request).value;
  const asker = { kind: 'network', driver: driver.info.name, request: 'attach' } as const;
  const grants = grantsOf(driver.info.permissions);
  expect(() => checkPlan({ asker, steps, sharing, grants })).not.toThrow();
});

const published = [
  { protocol: 'tcp', hostIp: '', hostPort: 8080, containerPort: 80 },
  { protocol: 'tcp', hostIp: '127.0.0.1', hostPort: 8081, containerPort: 81 },
  { protocol: 'udp', hostIp: '', hostPort: 8053, containerPort: 53 },
] as const;

describe.each([
  ['net-bridge', {}],
  ['net-slirp', {}],
  ['net-slirp', { port_handler: 'pasta' }],
])('the gate, of %s with %j', (name, options) => {
  const machines = [
    ['all programs', FACTS],
    ['IPv6', { ...FACTS, routes: ['::/0'] }],
    ['pasta alone', { ...FACTS, programs: ['pasta'] }],
  ] as const;

  test.each(machines)(
    'lets plans pass that publish what was asked for, and no others: %s',
    async (_, facts) => {
      const { driver } = await open<NetworkDriver>(name);
      const wished = {
        ...{ id: 'a'.repeat(64), name: 'net', subnets: [], internal: false, ipv4: true, ipv6: false },
        options: Object.entries(options).map(([key, value]) => ({ key, value })),
      };
      const grants = grantsOf(driver.info.permissions);
      const pass = (request: string, steps: readonly Step[], ports: readonly PortMapping[]) =>
        checkPlan({ asker: { kind: 'network', driver: driver.info.name, request }, steps, grants, ports });
      const { config, steps: whole } = driver.createNetwork(wished, facts).value;
      expect(() => pass('create-network', whole, [])).not.toThrow();
      const endpoint = { interfaceName: 'eth0', addresses: ['172.17.0.2/16'], mac: undefined, aliases: [] };
      const request = { container: CONTAINER, network: config, endpoint, facts, previous: undefined };
      const { steps } = driver.attach({ ...request, ports: published }).value;
      expect(() => pass('attach', steps, published)).not.toThrow();
      for (const missing of published) {
        const rest = published.filter((each) => each !== missing);
        expect(() => pass('attach', steps, rest)).toThrow(/was not asked for/);
      }
    },
  );
});

test.each(['log-json-file', 'log-none'])('the gate lets the sink of %s pass', async (name) => {
  const { driver } = await open<LogDriver>(name);
  const names = { container: CONTAINER, containerName: 'web', image: 'i', imageId: '', command: '' };
  const sink = driver.open({ ...names, labels: [], env: [], facts: FACTS, options: [] }).value;
  const asker = { kind: 'log', driver: driver.info.name, request: 'open' } as const;
  const framings = ['docker-json'] as const;
  expect(() => checkPlan({ asker, steps: [], sink, grants: grantsOf([]), framings })).not.toThrow();
});
