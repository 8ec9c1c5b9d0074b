import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FACTS } from '../../../test/contract/subject.ts';
import { checkRootDirectory, findRootDirectory } from '../../src/container/rootfs-directory.ts';
import { directoryStorage, nothingApart } from '../../src/container/storage.ts';
import { checkPlan } from '../../src/plan/check.ts';
import { grantsOf } from '../../src/plan/grants.ts';
import type { Step } from '../../src/plugin/contract.ts';
import type { Store } from '../../src/store/store.ts';

let place: string;
let store: Pick<Store, 'paths'>;

beforeEach(() => {
  place = realpathSync(mkdtempSync(join(tmpdir(), 'wherry-rootfs-')));
  for (const name of ['root', 'home/state/storage', 'run']) mkdirSync(join(place, name), { recursive: true });
  const state = join(place, 'home/state');
  store = {
    paths: {
      root: state,
      images: join(state, 'images'),
      containers: join(state, 'containers'),
      events: join(state, 'events'),
      temporary: join(state, 'tmp'),
      runtime: () => join(place, 'run'),
    } as Store['paths'],
  };
});
afterEach(() => rmSync(place, { recursive: true }));

const find = (name: string, driver = 'overlay') => findRootDirectory(join(place, name), store, driver);

describe('the directory of --rootfs', () => {
  test('is written to itself, unless :O asks for a layer above it', () => {
    const path = join(place, 'root');
    expect(find('root')).toEqual({ path, mode: 'direct' });
    expect(find('root:O')).toEqual({ path, mode: 'overlay' });
    expect(find('root:O', 'vfs')).toEqual({ path, mode: 'copy' });
  });

  test('is where a link leads', () => {
    symlinkSync('root', join(place, 'link'));
    expect(find('link').path).toBe(join(place, 'root'));
  });

  test.each([
    ['nowhere', /no such directory/],
    ['file', /not a directory/],
    ['root:idmap', /ids of a directory can't be mapped/],
    ['home', /Wherry's own state is in it/],
    ['home/state', /Wherry's own state is in it/],
    ['home/state/storage', /part of Wherry's own state/],
    ['run', /Wherry's own state is in it/],
    ['../../../../../..', /Wherry's own state is in it/],
  ])('%s is refused', (name, reason) => {
    writeFileSync(join(place, 'file'), '');
    expect(() => find(name)).toThrowError(
      expect.objectContaining({ code: 'E_ROOTFS', message: expect.stringMatching(reason) }),
    );
  });

  test('is looked at again at a start', () => {
    const found = find('root');
    checkRootDirectory(found);
    rmSync(found.path, { recursive: true });
    expect(() => checkRootDirectory(found)).toThrow(/no such directory/);
    symlinkSync('run', found.path);
    expect(() => checkRootDirectory(found)).toThrow(/it leads to .* now/);
  });
});

describe('its plans', () => {
  const request = { id: 'c1', parent: undefined, facts: FACTS, options: [] };
  const plans = (mode: 'direct' | 'overlay' | 'copy'): readonly Step[] => {
    const storage = directoryStorage({ path: '/srv/root', mode });
    const steps = [
      ...storage.prepareContainer(request).value,
      ...storage.mounts({ ...request, readOnly: false }).value,
      ...storage.remove('c1').value,
    ];
    const asker = { kind: 'storage', driver: 'rootfs', request: 'all' } as const;
    return checkPlan({ asker, steps, grants: grantsOf(storage.info.permissions) }).steps;
  };
  const words = (steps: readonly Step[]) => steps.map((step) => step.do.tag);

  test('pass the gate, and none removes what was there before', () => {
    expect(words(plans('direct'))).toEqual(['bind-mount']);
    expect(words(plans('overlay'))).toEqual([
      'remove-tree',
      'make-dir',
      'make-dir',
      'make-dir',
      'overlay-mount',
      'remove-tree',
    ]);
    expect(words(plans('copy'))).toEqual([
      'remove-tree',
      'make-dir',
      'copy-tree',
      'bind-mount',
      'remove-tree',
    ]);
    for (const mode of ['direct', 'overlay', 'copy'] as const) {
      for (const step of plans(mode)) {
        if (step.do.tag === 'remove-tree') expect(step.do.val.at).toEqual({ root: 'layers', path: 'c1' });
      }
    }
  });

  test('know of changes where they are kept apart', () => {
    expect(directoryStorage({ path: '/srv/root', mode: 'overlay' }).changed('c1').value.tag).toBe('tree');
    expect(directoryStorage({ path: '/srv/root', mode: 'copy' }).changed('c1').value.tag).toBe('compare');
    const direct = directoryStorage({ path: '/srv/root', mode: 'direct' });
    expect(() => direct.changed('c1')).toThrow(nothingApart('/srv/root').message);
  });
});
