import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LossNote, readLoss } from '../../src/log/loss.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'wherry-loss-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test('nothing is lost until somebody says so', () => {
  expect(readLoss(directory)).toEqual({ dropped: 0, error: '' });
  new LossNote(directory).end();
  expect(readLoss(directory)).toEqual({ dropped: 0, error: '' });
});

test('who takes the place of one that was killed counts on', () => {
  const first = new LossNote(directory);
  first.add(10, 'one');
  expect(readLoss(directory)).toEqual({ dropped: 10, error: 'one' });
  const second = new LossNote(directory);
  second.set(5, 'two');
  second.set(7, 'two');
  second.end();
  expect(readLoss(directory)).toEqual({ dropped: 17, error: 'two' });
});

test('a directory that has gone is no failure', () => {
  const note = new LossNote(directory);
  rmSync(directory, { recursive: true });
  expect(() => note.add(1, 'late')).not.toThrow();
  expect(readLoss(directory)).toEqual({ dropped: 0, error: '' });
});
