import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Facts } from '../../../core/src/plugin/contract.ts';
import type { StorageDriver } from '../../../core/src/plugin/drivers.ts';
import { openNative } from '../../../test/contract/native.ts';
import { FACTS, type Subject } from '../../../test/contract/subject.ts';

const source: object = await import(join(import.meta.dirname, '../src/index.ts'));
let subject: Subject<StorageDriver>;

beforeEach(() => {
  subject = openNative<StorageDriver>(source);
});

/** Commits that many layers, and a container `c` on top of them. */
function stack(count: number): void {
  const { driver, commit } = subject;
  let parent: string | undefined;
  for (let index = 1; index <= count; index += 1) {
    commit(driver.prepareLayer({ key: `k${index}`, parent: undefined, facts: FACTS, options: [] }));
    commit(driver.commitLayer(`k${index}`, `L${index}`, parent));
    parent = `L${index}`;
  }
  commit(driver.prepareContainer({ id: 'c', parent, facts: FACTS, options: [] }));
}

function mounts(readOnly: boolean, facts: Facts = FACTS): unknown[] {
  return subject.driver.mounts({ id: 'c', readOnly, facts, options: [] }).value.map((step) => step.do);
}

const at = (root: string, path: string): object => ({ root, path });
const rootfs = at('container', 'rootfs');

describe('mounts', () => {
  test('stacks the layers from the top one down, under the container’s own', () => {
    stack(3);
    expect(mounts(false)).toEqual([
      {
        tag: 'overlay-mount',
        val: {
          lower: [at('layers', 'k3/diff'), at('layers', 'k2/diff'), at('layers', 'k1/diff')],
          upper: at('layers', 'c/diff'),
          work: at('layers', 'c/work'),
          target: rootfs,
          options: ['userxattr'],
        },
      },
    ]);
  });

  test('read-only, the container’s own tree is the topmost of the lower ones', () => {
    stack(1);
    expect(mounts(true)).toEqual([
      {
        tag: 'overlay-mount',
        val: {
          lower: [at('layers', 'c/diff'), at('layers', 'k1/diff')],
          target: rootfs,
          options: ['userxattr'],
        },
      },
    ]);
  });

  test.each([true, false])('without layers it is a bind mount, read-only %s', (readOnly) => {
    stack(0);
    expect(mounts(readOnly)).toEqual([
      {
        tag: 'bind-mount',
        val: { source: at('layers', 'c/diff'), target: rootfs, readOnly, recursive: false },
      },
    ]);
  });

  test('500 layers are stacked, 501 are not', () => {
    stack(500);
    expect(mounts(false)).toHaveLength(1);
    subject = openNative<StorageDriver>(source);
    stack(501);
    expect(() => mounts(false)).toThrowError(
      expect.objectContaining({
        code: 'E_DRIVER_UNSUPPORTED',
        message: expect.stringContaining('501 layers'),
        hint: expect.stringContaining('vfs'),
      }),
    );
  });
});

test('a layer is filled in overlay’s whiteout style, in a fresh directory that others can’t enter', () => {
  const plan = subject.driver.prepareLayer({ key: 'x1', parent: undefined, facts: FACTS, options: [] }).value;
  expect(plan.whiteouts).toBe('overlay');
  expect(plan.target).toEqual(at('layers', 'x1/diff'));
  expect(plan.steps.map((step) => step.do)).toEqual([
    { tag: 'remove-tree', val: { at: at('layers', 'x1') } },
    { tag: 'make-dir', val: { at: at('layers', 'x1'), mode: 0o700 } },
    { tag: 'make-dir', val: { at: at('layers', 'x1/diff'), mode: 0o755 } },
  ]);
});

describe('probe', () => {
  test.each<[string, Partial<Facts>, string]>([
    ['a kernel without overlay for users', { kernelOverlay: false, kernel: '5.4.0' }, '5.4.0'],
    ['NFS', { stateFilesystem: 'nfs4' }, 'nfs4'],
    ['a FUSE file system', { stateFilesystem: 'fuse.sshfs' }, 'fuse.sshfs'],
    ['another overlay', { stateFilesystem: 'overlay' }, 'overlay'],
  ])('scores nothing on %s, and says why', (_, facts, reason) => {
    const fitness = subject.driver.probe({ ...FACTS, ...facts }).value;
    expect(fitness).toEqual({ score: 0, reason: expect.stringContaining(reason) });
  });
});
