import { expect, it } from 'vitest';
import { checkPlan } from '../../src/plan/check.ts';
import { explainPlan } from '../../src/plan/explain.ts';
import { NO_GRANTS } from '../../src/plan/grants.ts';

it('says what a storage driver will have done', () => {
  const plan = checkPlan({
    asker: { kind: 'storage', driver: 'overlay', request: 'mounts' },
    steps: [
      { do: { tag: 'make-dir', val: { at: { root: 'layers', path: 'c' }, mode: 0o700 } }, undo: undefined },
      {
        do: {
          tag: 'overlay-mount',
          val: {
            lower: [
              { root: 'layers', path: 'l2' },
              { root: 'layers', path: 'l1' },
            ],
            upper: { root: 'layers', path: 'c/upper' },
            work: { root: 'layers', path: 'c/work' },
            target: { root: 'container', path: 'rootfs' },
            options: ['userxattr'],
          },
        },
        undo: undefined,
      },
    ],
    grants: NO_GRANTS,
  });
  expect(explainPlan(plan).join('\n')).toBe(`storage driver overlay, mounts:
  make directory layers:c mode 0700
  mount overlay at container:rootfs (userxattr): upper layers:c/upper
    lower layers:l2
    lower layers:l1`);
});

it('says where output goes', () => {
  const plan = checkPlan({
    asker: { kind: 'log', driver: 'json-file', request: 'open' },
    steps: [],
    sink: {
      tag: 'file',
      val: {
        at: { root: 'container', path: 'json.log' },
        framing: 'docker-json',
        maxSize: '1048576',
        maxFiles: 3,
        compress: false,
        attributes: [],
      },
    },
    grants: NO_GRANTS,
    framings: ['docker-json'],
  });
  expect(explainPlan(plan)).toEqual([
    'log driver json-file, open:',
    '  output goes to container:json.log as docker-json, rotated at 1048576 bytes, 3 files',
  ]);
});

it('says so when there is nothing to do', () => {
  const plan = checkPlan({
    asker: { kind: 'network', driver: 'host', request: 'attach' },
    steps: [],
    grants: NO_GRANTS,
  });
  expect(explainPlan(plan)).toEqual(['network driver host, attach:', '  nothing to do']);
});
