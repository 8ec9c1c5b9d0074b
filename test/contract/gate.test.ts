import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkPlan } from '../../core/src/plan/check.ts';
import { grantsOf } from '../../core/src/plan/grants.ts';
import type { Step } from '../../core/src/plugin/contract.ts';
import type { LogDriver, NetworkDriver, StorageDriver } from '../../core/src/plugin/drivers.ts';
import { openNative } from './native.ts';
import { CONTAINER, FACTS, type Subject } from './subject.ts';

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
  const network = {
    id: 'a'.repeat(64),
    name: 'net',
    subnets: [],
    internal: false,
    ipv4: true,
    ipv6: false,
    options: [],
  };
  const endpoint = { interfaceName: 'eth0', addresses: [], mac: undefined, aliases: [] };
  const request = { container: CONTAINER, network, endpoint, ports: [], facts: FACTS, previous: undefined };
  const { steps, sharing } = driver.attach(request).value;
  const asker = { kind: 'network', driver: driver.info.name, request: 'attach' } as const;
  const grants = grantsOf(driver.info.permissions);
  expect(() => checkPlan({ asker, steps, sharing, grants })).not.toThrow();
});

test.each(['log-json-file', 'log-none'])('the gate lets the sink of %s pass', async (name) => {
  const { driver } = await open<LogDriver>(name);
  const names = { container: CONTAINER, containerName: 'web', image: 'i', imageId: '', command: '' };
  const sink = driver.open({ ...names, labels: [], env: [], facts: FACTS, options: [] }).value;
  const asker = { kind: 'log', driver: driver.info.name, request: 'open' } as const;
  const framings = ['docker-json'] as const;
  expect(() => checkPlan({ asker, steps: [], sink, grants: grantsOf([]), framings })).not.toThrow();
});
