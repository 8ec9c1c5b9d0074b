import assert from 'node:assert/strict';
import type { AttachRequest, NetworkConfig } from '../../core/src/plugin/contract.ts';
import type { NetworkDriver } from '../../core/src/plugin/drivers.ts';
import { commonCases } from './common-cases.ts';
import { CONTAINER, type ContractCase, FACTS, refuses, type Subject, staysWithin } from './subject.ts';

const CONFIG: NetworkConfig = {
  id: 'ab'.repeat(32),
  name: 'net1',
  subnets: [],
  internal: false,
  ipv4: true,
  ipv6: false,
  options: [],
};
const ROOTS = ['state', 'runtime', 'container'];

/** What every network driver has to do; `wit/network.wit` is the long form. */
export const NETWORK_CASES: readonly ContractCase<NetworkDriver>[] = [
  ...commonCases('network'),
  {
    name: 'a network without wishes is valid, can be created and removed',
    run: (subject) => {
      assert.equal(subject.driver.validate(CONFIG, FACTS).value, undefined);
      const config = create(subject);
      assert.equal(config.id, CONFIG.id);
      assert.equal(config.name, CONFIG.name);
      staysWithin(ROOTS, subject.commit(subject.driver.removeNetwork(config)));
    },
  },
  {
    name: 'a container is attached with a plan that stays in its own roots',
    run: (subject) => {
      const plan = subject.commit(subject.driver.attach(request(create(subject))));
      staysWithin(ROOTS, plan.steps);
    },
  },
  {
    name: 'the host’s network namespace is used only with the permission for it',
    run: (subject) => {
      const { sharing } = subject.commit(subject.driver.attach(request(create(subject))));
      const granted = subject.driver.describe().value.permissions.some(({ tag }) => tag === 'host-network');
      assert.ok(sharing === 'own' || granted);
    },
  },
  {
    name: 'status tells of an attachment as long as there is one',
    run: (subject) => {
      const config = create(subject);
      const status = () => subject.driver.status(CONTAINER, config, 'eth0').value;
      assert.equal(status(), undefined);
      const { attachment } = subject.commit(subject.driver.attach(request(config)));
      assert.deepEqual(status(), attachment);
      subject.commit(subject.driver.detach(CONTAINER, config, 'eth0'));
      assert.equal(status(), undefined);
    },
  },
  {
    name: 'detach succeeds again and again',
    run: (subject) => {
      const config = create(subject);
      subject.commit(subject.driver.attach(request(config)));
      for (let times = 0; times < 3; times += 1) {
        staysWithin(ROOTS, subject.commit(subject.driver.detach(CONTAINER, config, 'eth0')));
      }
    },
  },
  {
    name: 'detach succeeds for a container that never was attached, or whose namespace is gone',
    run: (subject) => {
      const config = create(subject);
      staysWithin(ROOTS, subject.driver.detach('f'.repeat(64), config, 'eth0').value);
    },
  },
  {
    name: 'a network is removed again and again, and one whose namespace is gone has been created in it',
    run: (subject) => {
      const config = create(subject);
      const first = subject.commit(subject.driver.removeNetwork(config));
      assert.deepEqual(subject.commit(subject.driver.removeNetwork(config)), first);
      // What a new namespace needs is planned from the configuration that was kept.
      const again = subject.commit(subject.driver.createNetwork(config, FACTS));
      assert.deepEqual(again.config, config);
    },
  },
  {
    name: 'what the shared namespace needs is planned anew alike, as it is made anew',
    run: (subject) => {
      const config = create(subject);
      const plan = () => subject.driver.createNetwork(config, FACTS).value;
      assert.deepEqual(plan(), plan());
      assert.deepEqual(plan().config, config);
    },
  },
  {
    name: 'a link that is made is taken back when a later step fails',
    run: (subject) => {
      const config = create(subject);
      const plans = [
        subject.driver.createNetwork(config, FACTS).value.steps,
        subject.driver.attach(request(config)).value.steps,
      ];
      for (const { do: operation, undo } of plans.flat()) {
        if (operation.tag === 'link-add') assert.equal(undo?.tag, 'link-remove');
        if (operation.tag === 'firewall-add') assert.equal(undo?.tag, 'firewall-remove');
      }
    },
  },
  {
    name: 'a helper is one that was asked for as a permission, and is ready in a way that can be waited for',
    run: (subject) => {
      const config = create(subject);
      const { permissions } = subject.driver.describe().value;
      const granted = permissions.flatMap((each) => (each.tag === 'helper-program' ? [each.val] : []));
      const plans = [
        subject.driver.createNetwork(config, FACTS).value.steps,
        subject.driver.attach(request(config)).value.steps,
      ];
      for (const { do: operation } of plans.flat()) {
        if (operation.tag === 'helper') assert.ok(granted.includes(operation.val.program));
      }
    },
  },
  {
    name: 'detach takes away what attach put into the shared namespace',
    run: (subject) => {
      const config = create(subject);
      const { steps } = subject.commit(subject.driver.attach(request(config)));
      const made = steps.flatMap(({ undo }) =>
        undo?.tag === 'link-remove' && undo.val.namespace === 'shared' ? [undo.val.name] : [],
      );
      const removed = subject
        .commit(subject.driver.detach(CONTAINER, config, 'eth0'))
        .flatMap(({ do: each }) => (each.tag === 'link-remove' ? [each.val.name] : []));
      assert.deepEqual(removed, made);
    },
  },
  {
    name: 'a machine without programs for it is planned for, or refused in a sentence',
    run: (subject) => {
      const bare = { ...FACTS, tun: false, programs: [] };
      const config = subject.driver.createNetwork(CONFIG, bare).value.config;
      const plan = subject.driver.attach({ ...request(config), facts: bare }).value;
      assert.ok(!plan.steps.some((step) => step.do.tag === 'helper'));
    },
  },
  {
    name: 'a port is removed again and again',
    run: (subject) => {
      const config = create(subject);
      const port = { protocol: 'tcp', hostIp: '', hostPort: 8080, containerPort: 80 } as const;
      for (let times = 0; times < 2; times += 1)
        subject.commit(subject.driver.removePort(CONTAINER, config, port));
    },
  },
  {
    name: 'the same request in the same state has the same plan',
    run: (subject) => {
      const config = create(subject);
      assert.deepEqual(subject.driver.attach(request(config)), subject.driver.attach(request(config)));
    },
  },
  {
    name: 'an option that it doesn’t list is refused',
    run: ({ driver }) => {
      const config = { ...CONFIG, options: [{ key: 'no-such-option', value: '1' }] };
      refuses('E_DRIVER_OPTION', () => driver.createNetwork(config, FACTS));
      refuses('E_DRIVER_OPTION', () => driver.attach(request(config)));
    },
  },
];

function create({ driver, commit }: Subject<NetworkDriver>): NetworkConfig {
  const plan = commit(driver.createNetwork(CONFIG, FACTS));
  staysWithin(ROOTS, plan.steps);
  return plan.config;
}

function request(network: NetworkConfig): AttachRequest {
  return {
    container: CONTAINER,
    network,
    endpoint: { interfaceName: 'eth0', addresses: [], mac: undefined, aliases: ['web'] },
    ports: [],
    facts: FACTS,
    previous: undefined,
  };
}
