import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import type { StorageDriver } from '../../../core/src/plugin/drivers.ts';
import { openNative } from '../../../test/contract/native.ts';
import { FACTS, type Subject } from '../../../test/contract/subject.ts';

const source: object = await import(join(import.meta.dirname, '../src/index.ts'));
let subject: Subject<StorageDriver>;

beforeEach(() => {
  subject = openNative<StorageDriver>(source);
  const { driver, commit } = subject;
  commit(driver.prepareLayer({ key: 'k1', parent: undefined, facts: FACTS, options: [] }));
  commit(driver.commitLayer('k1', 'L1', undefined));
});

const tree = (key: string): object => ({ root: 'layers', path: `${key}/tree` });

test.each([true, false])('a layer starts as a copy of its parent, with shared extents %s', (reflink) => {
  const facts = { ...FACTS, reflink };
  const plan = subject.driver.prepareLayer({ key: 'k2', parent: 'L1', facts, options: [] }).value;
  expect(plan.steps.at(-1)?.do).toEqual({
    tag: 'copy-tree',
    val: { source: tree('k1'), target: tree('k2'), reflink },
  });
  expect(plan).toMatchObject({ target: tree('k2'), whiteouts: 'apply' });
});

test('a layer can’t be committed on another parent than it was copied from', () => {
  const { driver, commit } = subject;
  commit(driver.prepareLayer({ key: 'k2', parent: undefined, facts: FACTS, options: [] }));
  expect(() => driver.commitLayer('k2', 'L2', 'L1')).toThrowError(
    expect.objectContaining({ code: 'E_DRIVER_INVALID' }),
  );
});

test('a container is a copy of its topmost layer, bound to its root file system', () => {
  const { driver, commit } = subject;
  const steps = commit(driver.prepareContainer({ id: 'c', parent: 'L1', facts: FACTS, options: [] }));
  expect(steps.at(-1)?.do).toMatchObject({
    tag: 'copy-tree',
    val: { source: tree('k1'), target: tree('c') },
  });
  expect(
    driver.mounts({ id: 'c', readOnly: true, facts: FACTS, options: [] }).value.map((step) => step.do),
  ).toEqual([
    {
      tag: 'bind-mount',
      val: {
        source: tree('c'),
        target: { root: 'container', path: 'rootfs' },
        readOnly: true,
        recursive: true,
      },
    },
  ]);
});

test('what changed is the difference to the layer below', () => {
  const { driver, commit } = subject;
  commit(driver.prepareContainer({ id: 'c', parent: 'L1', facts: FACTS, options: [] }));
  expect(driver.changed('c').value).toEqual({ tag: 'compare', val: { lower: tree('k1'), upper: tree('c') } });
  expect(driver.changed('L1').value).toEqual({
    tag: 'compare',
    val: { lower: undefined, upper: tree('k1') },
  });
});
