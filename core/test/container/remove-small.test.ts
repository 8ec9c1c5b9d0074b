import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { removeSmall } from '../../src/container/remove-small.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'wherry-small-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test('a tree of few files goes, and what links point at stays', () => {
  const tree = join(directory, 'tree');
  mkdirSync(join(tree, 'upper/etc'), { recursive: true });
  writeFileSync(join(tree, 'upper/etc/file'), 'x');
  writeFileSync(join(directory, 'kept'), 'x');
  mkdirSync(join(directory, 'kept-directory'));
  symlinkSync(join(directory, 'kept'), join(tree, 'upper/link'));
  symlinkSync(join(directory, 'kept-directory'), join(tree, 'upper/directory'));
  mkdirSync(join(tree, 'work/work'), { recursive: true });
  chmodSync(join(tree, 'work/work'), 0);
  expect(removeSmall(tree)).toBe(true);
  expect(existsSync(tree)).toBe(false);
  expect(existsSync(join(directory, 'kept')) && existsSync(join(directory, 'kept-directory'))).toBe(true);
});

test('a larger one is left to the worker', () => {
  for (let i = 0; i < 200; i += 1) writeFileSync(join(directory, `${i}`), '');
  expect(removeSmall(directory)).toBe(false);
});

test('what has gone is gone', () => {
  expect(removeSmall(join(directory, 'none'))).toBe(true);
});
