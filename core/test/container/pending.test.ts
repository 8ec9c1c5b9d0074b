import { expect, it } from 'vitest';
import { stepsFromText, stepsToText } from '../../src/container/pending.ts';
import type { Step } from '../../src/plugin/contract.ts';

it('brings steps back as they were, bytes of files too', () => {
  const steps: readonly Step[] = [
    { do: { tag: 'make-dir', val: { at: { root: 'layers', path: 'c' }, mode: 0o755 } } },
    {
      do: {
        tag: 'write-file',
        val: { at: { root: 'state', path: 'x' }, mode: 0o600, content: new Uint8Array([0, 255, 10]) },
      },
      undo: { tag: 'remove-tree', val: { at: { root: 'state', path: 'x' } } },
    },
  ];
  expect(stepsFromText(stepsToText(steps))).toEqual(steps);
});
