import assert from 'node:assert/strict';
import type { LayerPlan, Step } from '../../core/src/plugin/contract.ts';
import type { StorageDriver } from '../../core/src/plugin/drivers.ts';
import { commonCases } from './common-cases.ts';
import { CONTAINER, type ContractCase, FACTS, refuses, type Subject, staysWithin } from './subject.ts';

type Storage = Subject<StorageDriver>;

const OWN_ROOTS = ['layers', 'state'];
const OPTIONS = { facts: FACTS, options: [] };

/** What every storage driver has to do; `wit/storage.wit` is the long form. */
export const STORAGE_CASES: readonly ContractCase<StorageDriver>[] = [
  ...commonCases('storage'),
  {
    name: 'layers that are filled and committed are listed with their parents',
    run: (subject) => {
      unpack(subject, ['L1', 'L2']);
      assert.deepEqual(snapshots(subject), ['committed L1 on nothing', 'committed L2 on L1']);
    },
  },
  {
    name: 'layers are filled at the same time when parallel says so',
    run: (subject) => {
      const { driver, commit } = subject;
      if (!driver.parallel().value) return unpack(subject, ['L1', 'L2']);
      commit(driver.prepareLayer({ key: 'x2', parent: undefined, ...OPTIONS }));
      commit(driver.prepareLayer({ key: 'x1', parent: undefined, ...OPTIONS }));
      commit(driver.commitLayer('x1', 'L1', undefined));
      commit(driver.commitLayer('x2', 'L2', 'L1'));
      assert.deepEqual(snapshots(subject), ['committed L1 on nothing', 'committed L2 on L1']);
    },
  },
  {
    name: 'a layer is filled in a place of its own',
    run: ({ driver, commit }) => {
      const targets = ['x1', 'x2'].map(
        (key) => commit(driver.prepareLayer({ key, parent: undefined, ...OPTIONS })).target,
      );
      assert.notDeepEqual(targets[0], targets[1]);
    },
  },
  {
    name: 'a key that is in use is refused',
    run: ({ driver, commit }) => {
      commit(driver.prepareLayer({ key: 'x1', parent: undefined, ...OPTIONS }));
      refuses('E_DRIVER_IN_USE', () => driver.prepareLayer({ key: 'x1', parent: undefined, ...OPTIONS }));
    },
  },
  {
    name: 'a name that is committed already is refused',
    run: (subject) => {
      unpack(subject, ['L1']);
      subject.commit(subject.driver.prepareLayer({ key: 'again', parent: undefined, ...OPTIONS }));
      refuses('E_DRIVER_IN_USE', () => subject.driver.commitLayer('again', 'L1', undefined));
    },
  },
  {
    name: 'a key that nothing was prepared under is not committed',
    run: ({ driver }) => refuses('E_DRIVER_NOT_FOUND', () => driver.commitLayer('x1', 'L1', undefined)),
  },
  {
    name: 'a parent that is not there is refused',
    run: ({ driver }) => {
      refuses('E_DRIVER_NOT_FOUND', () =>
        driver.prepareContainer({ id: CONTAINER, parent: 'L1', ...OPTIONS }),
      );
    },
  },
  {
    name: 'a layer that is still being filled is no parent',
    run: ({ driver, commit }) => {
      commit(driver.prepareLayer({ key: 'x1', parent: undefined, ...OPTIONS }));
      refuses('E_DRIVER_NOT_FOUND', () =>
        driver.prepareContainer({ id: CONTAINER, parent: 'x1', ...OPTIONS }),
      );
    },
  },
  {
    name: 'a container’s root file system appears at container:rootfs',
    run: (subject) => {
      container(subject, ['L1', 'L2']);
      assert.deepEqual(lastMount(subject, false).target, { root: 'container', path: 'rootfs' });
    },
  },
  {
    name: 'a container of no layers has an empty root file system',
    run: ({ driver, commit }) => {
      commit(driver.prepareContainer({ id: CONTAINER, parent: undefined, ...OPTIONS }));
      assert.ok(driver.mounts({ id: CONTAINER, readOnly: false, ...OPTIONS }).value.length > 0);
    },
  },
  {
    name: 'a read-only root file system can’t be written to',
    run: (subject) => {
      for (const layers of [[], ['L1'], ['L1', 'L2']]) {
        const id = `ro${layers.length}`;
        if (layers.length > 0) unpack(subject, layers.slice(-1), layers.at(-2));
        subject.commit(subject.driver.prepareContainer({ id, parent: layers.at(-1), ...OPTIONS }));
        assert.equal(lastMount(subject, true, id).writable, false);
      }
    },
  },
  {
    name: 'an overlay that can’t be written to stacks at least two trees',
    run: (subject) => {
      subject.commit(subject.driver.prepareContainer({ id: CONTAINER, parent: undefined, ...OPTIONS }));
      for (const { do: operation } of subject.driver.mounts({ id: CONTAINER, readOnly: true, ...OPTIONS })
        .value) {
        if (operation.tag === 'overlay-mount') assert.ok(operation.val.lower.length >= 2);
      }
    },
  },
  {
    name: 'a container that is not there can’t be mounted',
    run: ({ driver }) =>
      refuses('E_DRIVER_NOT_FOUND', () => driver.mounts({ id: CONTAINER, readOnly: false, ...OPTIONS })),
  },
  {
    name: 'a parent is not removed before its children',
    run: (subject) => {
      const { driver, commit } = subject;
      container(subject, ['L1', 'L2']);
      refuses('E_DRIVER_IN_USE', () => driver.remove('L1'));
      refuses('E_DRIVER_IN_USE', () => driver.remove('L2'));
      for (const name of [CONTAINER, 'L2', 'L1']) assert.ok(commit(driver.remove(name)).length > 0);
      assert.deepEqual(snapshots(subject), []);
    },
  },
  {
    name: 'a snapshot that is not there needs no removing',
    run: ({ driver }) => assert.deepEqual(driver.remove('L1').value, []),
  },
  {
    name: 'a layer that was given up is removed by its key',
    run: (subject) => {
      subject.commit(subject.driver.prepareLayer({ key: 'x1', parent: undefined, ...OPTIONS }));
      assert.ok(subject.commit(subject.driver.remove('x1')).length > 0);
      assert.deepEqual(snapshots(subject), []);
    },
  },
  {
    name: 'cleanup keeps what is known and what that stands on, and removes the rest',
    run: (subject) => {
      container(subject, ['L1', 'L2']);
      unpack(subject, ['L3'], 'L1');
      unpack(subject, ['M1']);
      subject.commit(subject.driver.prepareLayer({ key: 'x9', parent: undefined, ...OPTIONS }));
      assert.ok(subject.commit(subject.driver.cleanup([CONTAINER, 'not there'])).length >= 3);
      assert.deepEqual(snapshots(subject), [
        'committed L1 on nothing',
        'committed L2 on L1',
        `container ${CONTAINER} on L2`,
      ]);
      assert.deepEqual(subject.commit(subject.driver.cleanup([CONTAINER])), []);
    },
  },
  {
    name: 'what a snapshot holds and changed lies in the driver’s own trees',
    run: (subject) => {
      container(subject, ['L1', 'L2']);
      for (const name of ['L2', CONTAINER]) {
        for (const { root } of subject.driver.usage(name).value) assert.ok(OWN_ROOTS.includes(root));
        const changes = subject.driver.changed(name).value;
        const trees = changes.tag === 'tree' ? [changes.val.at] : [changes.val.upper, changes.val.lower];
        for (const tree of trees) assert.ok(tree !== undefined && OWN_ROOTS.includes(tree.root));
      }
      refuses('E_DRIVER_NOT_FOUND', () => subject.driver.usage('nowhere'));
      refuses('E_DRIVER_NOT_FOUND', () => subject.driver.changed('nowhere'));
    },
  },
  {
    name: 'every path stays in the driver’s own roots',
    run: (subject) => {
      for (const steps of allPlans(subject)) staysWithin([...OWN_ROOTS, 'container'], steps);
    },
  },
  {
    name: 'the same request in the same state has the same plan',
    run: ({ driver, commit }) => {
      const request = { key: 'x1', parent: undefined, ...OPTIONS };
      assert.deepEqual(driver.prepareLayer(request), driver.prepareLayer(request));
      commit(driver.prepareContainer({ id: CONTAINER, parent: undefined, ...OPTIONS }));
      const mounts = { id: CONTAINER, readOnly: false, ...OPTIONS };
      assert.deepEqual(driver.mounts(mounts), driver.mounts(mounts));
    },
  },
  {
    name: 'what a call put is gone unless it is committed',
    run: (subject) => {
      subject.driver.prepareLayer({ key: 'x1', parent: undefined, ...OPTIONS });
      assert.deepEqual(snapshots(subject), []);
    },
  },
  {
    name: 'an option that it doesn’t list is refused',
    run: ({ driver }) => {
      const options = [{ key: 'no-such-option', value: '1' }];
      refuses('E_DRIVER_OPTION', () =>
        driver.prepareLayer({ key: 'x1', parent: undefined, facts: FACTS, options }),
      );
    },
  },
  {
    name: 'a name that would lead out of its root is refused',
    run: ({ driver }) => {
      for (const key of ['../x', 'a/b', '', '.', 'x\n']) {
        refuses('E_DRIVER_INVALID', () => driver.prepareLayer({ key, parent: undefined, ...OPTIONS }));
      }
    },
  },
];

/** Fills and commits layers, the first on `below`. */
function unpack({ driver, commit }: Storage, names: readonly string[], below?: string): LayerPlan[] {
  const given = driver.parallel().value ? () => undefined : (parent: string | undefined) => parent;
  let parent = below;
  return names.map((name) => {
    const plan = commit(driver.prepareLayer({ key: `key-${name}`, parent: given(parent), ...OPTIONS }));
    commit(driver.commitLayer(`key-${name}`, name, parent));
    parent = name;
    return plan;
  });
}

function container(subject: Storage, layers: readonly string[]): readonly Step[] {
  unpack(subject, layers);
  return subject.commit(
    subject.driver.prepareContainer({ id: CONTAINER, parent: layers.at(-1), ...OPTIONS }),
  );
}

function allPlans(subject: Storage): (readonly Step[])[] {
  const layers = unpack(subject, ['L1', 'L2']).map((plan) => plan.steps);
  const { driver, commit } = subject;
  const created = commit(driver.prepareContainer({ id: CONTAINER, parent: 'L2', ...OPTIONS }));
  const mounted = driver.mounts({ id: CONTAINER, readOnly: false, ...OPTIONS }).value;
  return [...layers, created, mounted, driver.cleanup([]).value, driver.remove(CONTAINER).value];
}

function snapshots({ driver }: Storage): string[] {
  return driver.list().value.map(({ kind, name, parent }) => `${kind} ${name} on ${parent ?? 'nothing'}`);
}

function lastMount(
  { driver }: Storage,
  readOnly: boolean,
  id = CONTAINER,
): { target: unknown; writable: boolean } {
  const operation = driver.mounts({ id, readOnly, ...OPTIONS }).value.at(-1)?.do;
  if (operation?.tag === 'overlay-mount') {
    return { target: operation.val.target, writable: operation.val.upper !== undefined };
  }
  assert.equal(operation?.tag, 'bind-mount');
  return { target: operation.val.target, writable: !operation.val.readOnly };
}
