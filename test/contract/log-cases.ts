import assert from 'node:assert/strict';
import { checkJournalFields, checkPlan } from '../../core/src/plan/check.ts';
import { encodeSink } from '../../core/src/plan/encode.ts';
import { FRAMINGS } from '../../core/src/plan/framings.ts';
import { grantsOf } from '../../core/src/plan/grants.ts';
import type { Location, OpenRequest, Sink } from '../../core/src/plugin/contract.ts';
import type { LogDriver } from '../../core/src/plugin/drivers.ts';
import { commonCases } from './common-cases.ts';
import { CONTAINER, type ContractCase, FACTS, refuses } from './subject.ts';

const REQUEST: OpenRequest = {
  container: CONTAINER,
  containerName: 'web',
  image: 'busybox',
  imageId: `sha256:${'12'.repeat(32)}`,
  command: 'sh -c "echo hello"',
  labels: [{ key: 'tier', value: 'front' }],
  env: [{ key: 'PATH', value: '/bin' }],
  facts: FACTS,
  options: [],
};

/** What every log driver has to do; `wit/log.wit` is the long form. */
export const LOG_CASES: readonly ContractCase<LogDriver>[] = [
  ...commonCases('log'),
  {
    name: 'open gives a sink for a container without options',
    run: ({ driver, commit }) => {
      const sink = commit(driver.open(REQUEST));
      if (sink.tag === 'file') {
        within(sink.val.at);
        assert.match(sink.val.maxSize, /^\d+$/);
        assert.ok(sink.val.maxFiles >= 1);
      }
    },
  },
  {
    name: 'read tells how the log is read back, or why it can’t be',
    run: ({ driver, commit }) => {
      commit(driver.open(REQUEST));
      const reading = driver.read(REQUEST).value;
      if (reading.tag === 'unreadable') assert.notEqual(reading.val, '');
      else if (reading.tag === 'journal') {
        assert.ok(reading.val.some(({ value }) => value === CONTAINER));
        checkJournalFields({ kind: 'log', driver: driver.info.name, request: 'read' }, reading.val);
      } else for (const file of reading.tag === 'files' ? reading.val.files : reading.val) within(file);
    },
  },
  {
    name: 'the sink passes the gate with what the driver was granted, and the launcher has a way to serve it',
    run: ({ driver }) => {
      const asker = { kind: 'log', driver: driver.info.name, request: 'open' } as const;
      const grants = grantsOf(driver.info.permissions);
      const { value: sink } = driver.open(REQUEST);
      const plan = checkPlan({ asker, steps: [], sink, grants, framings: FRAMINGS });
      encodeSink(plan, { path: (root) => `/${root}` }, { nonBlocking: false, buffer: 1 }, '/relay');
    },
  },
  {
    name: 'the defaults that it lists can be given',
    run: ({ driver }) => {
      const given = driver.info.options.filter((option) => option.default !== '');
      const options = given.map((option) => ({ key: option.name, value: option.default }));
      assert.deepEqual(driver.open({ ...REQUEST, options }).value, driver.open(REQUEST).value);
    },
  },
  {
    name: 'a driver that carries labels carries variables too, chosen by name, or says what that takes',
    run: ({ driver }) => {
      const takes = (name: string) => driver.info.options.some((option) => option.name === name);
      assert.equal(takes('labels'), takes('env'));
      if (!takes('labels')) return;
      const options = [
        { key: 'labels', value: 'tier' },
        { key: 'env', value: 'none,PATH' },
      ];
      let sink: Sink;
      try {
        sink = driver.open({ ...REQUEST, options }).value;
      } catch (error) {
        assert.equal((error as { code?: unknown }).code, 'E_DRIVER_INVALID');
        return;
      }
      if (sink.tag !== 'file' && sink.tag !== 'socket') return;
      const values = sink.val.attributes.map(({ value }) => value);
      assert.ok(values.includes('front') && values.includes('/bin'));
    },
  },
  {
    name: 'a tag with a field that there is not is refused',
    run: ({ driver }) => {
      if (!driver.info.options.some((option) => option.name === 'tag')) return;
      const options = [{ key: 'tag', value: '{{.Nope}}' }];
      refuses('E_DRIVER_INVALID', () => driver.open({ ...REQUEST, options }));
    },
  },
  {
    name: 'parse and write are refused where the host does the work itself',
    run: ({ driver }) => {
      const reading = driver.read(REQUEST).value;
      const sink = driver.open(REQUEST).value;
      if (reading.tag !== 'parsed') refuses('E_DRIVER_UNSUPPORTED', () => driver.parse(new Uint8Array([1])));
      if (sink.tag !== 'driver') refuses('E_DRIVER_UNSUPPORTED', () => driver.write(CONTAINER, []));
    },
  },
  {
    name: 'what is read back is what was written',
    run: ({ driver, commit }) => {
      const sink = commit(driver.open(REQUEST));
      const reading = driver.read(REQUEST).value;
      if (sink.tag !== 'file' || reading.tag !== 'files') return;
      assert.deepEqual(reading.val.files.at(-1), sink.val.at);
      assert.equal(reading.val.framing, sink.val.framing);
    },
  },
  {
    name: 'close succeeds again and again, open or not',
    run: ({ driver, commit }) => {
      commit(driver.open(REQUEST));
      for (const container of [CONTAINER, CONTAINER, 'f'.repeat(64)]) commit(driver.close(container));
    },
  },
  {
    name: 'the same request has the same sink',
    run: ({ driver }) => assert.deepEqual(driver.open(REQUEST), driver.open(REQUEST)),
  },
  {
    name: 'labels and environment with any text are carried',
    run: ({ driver }) => {
      const odd = [{ key: 'ü', value: '"\\\n\u{1F433}\0' }];
      driver.open({ ...REQUEST, containerName: 'ünïcödé', labels: odd, env: odd });
    },
  },
  {
    name: 'an option that it doesn’t list is refused',
    run: ({ driver }) => {
      refuses('E_DRIVER_OPTION', () =>
        driver.open({ ...REQUEST, options: [{ key: 'no-such-option', value: '1' }] }),
      );
    },
  },
];

function within({ root, path }: Location): void {
  assert.ok(root === 'container' || root === 'state', `${root}:${path}`);
  assert.ok(path !== '' && !path.startsWith('/') && !path.split('/').includes('..'), path);
}
