import { expect, it } from 'vitest';
import { withoutMountPoints } from '../../src/container/changes.ts';
import { selectRows } from '../../src/container/top.ts';

it('diff leaves out what a start makes, and directories that changed by that alone', () => {
  const all = [
    { kind: 'A', path: '/dev' },
    { kind: 'C', path: '/etc' },
    { kind: 'A', path: '/etc/hosts' },
    { kind: 'C', path: '/var' },
    { kind: 'D', path: '/var/x' },
  ] as const;
  expect(withoutMountPoints(all)).toEqual([
    { kind: 'C', path: '/var' },
    { kind: 'D', path: '/var/x' },
  ]);
  expect(withoutMountPoints([...all, { kind: 'A', path: '/etc/own' }])).toContainEqual({
    kind: 'C',
    path: '/etc',
  });
});

it('top keeps the rows of the processes, and words of the last column together', () => {
  const text = 'UID   PID CMD\nme     10 sh -c a  b\nme     11 other\n';
  expect(selectRows(text, new Set([10]))).toEqual([
    ['UID', 'PID', 'CMD'],
    ['me', '10', 'sh -c a b'],
  ]);
  expect(() => selectRows('UID CMD\n', new Set())).toThrow(/PID field/);
});
