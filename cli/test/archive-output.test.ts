import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkOutput } from '../src/archive-output.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'wherry-output-'));
  execFileSync('mkfifo', [join(directory, 'pipe')]);
  symlinkSync('old', join(directory, 'link'));
  writeFileSync(join(directory, 'old'), '');
});
afterAll(() => rmSync(directory, { recursive: true }));

const check = (output: string) =>
  checkOutput({ output, instead: 'save -o x.tar x', failure: 'failed to save image' });

it.each(['new', 'old'])('an archive may be written to a file: %s', (name) => {
  expect(() => check(join(directory, name))).not.toThrow();
});

it.each([
  ['.', 'cannot write to a directory'],
  ['pipe', 'cannot write to a named pipe (FIFO)'],
  ['link', 'cannot write to a symbolic link directly'],
  ['no/such', 'invalid output path: stat '],
  ['/dev/null', 'cannot write to a character device file'],
])('and takes the place of nothing else, as in Docker: %s', (name, reason) => {
  const path = name.startsWith('/') ? name : join(directory, name);
  expect(() => check(path)).toThrow(`failed to save image: ${reason}`);
});
