import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { encodeProgram } from '../../core/src/program/encode.ts';

const launcher = join(import.meta.dirname, '..');
execFileSync('flock', [join(launcher, 'Makefile'), 'make', '-s', '-C', launcher]);
const directory = mkdtempSync(join(tmpdir(), 'wherry-program-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** What becomes of a program: read, checked, and refused in the end for having no directory. */
function load(bytes: Uint8Array): { status: number | null; signal: string | null; stderr: string } {
  const path = join(directory, 'program');
  writeFileSync(path, bytes);
  const { status, signal, stderr } = spawnSync(join(launcher, 'build/wherry-launcher'), ['run', path], {
    encoding: 'utf8',
  });
  return { status, signal, stderr };
}

// Without a directory it is refused once it has been read whole.
const sound = encodeProgram({
  settings: [
    { op: 'stdin', mode: 'none' },
    { op: 'restart', policy: 'no', maxRetries: 0 },
  ],
  prepare: [{ do: { op: 'make-dir', path: '/x', mode: 0o755 }, undo: [{ op: 'remove-tree', path: '/x' }] }],
  container: [{ op: 'arguments', argv: ['a', 'b'] }, { op: 'execute' }],
  cleanup: [{ op: 'remove-tree', path: '/x' }],
});

test('a sound program is read whole', () => {
  expect(load(sound)).toEqual({
    status: 125,
    signal: null,
    stderr: "wherry: the launch program isn't one for run\n",
  });
});

test('a program cut off anywhere is refused', { timeout: 300_000 }, () => {
  for (let length = 0; length < sound.length; length++) {
    const { status, stderr } = load(sound.subarray(0, length));
    expect([length, status]).toEqual([length, 125]);
    expect(stderr).toMatch(/launch program is damaged|not a launch program/);
  }
});

test('a program with any one byte changed is read or refused, and nothing worse', {
  timeout: 300_000,
}, () => {
  for (let at = 0; at < sound.length; at++) {
    const damaged = Uint8Array.from(sound);
    damaged[at] = (damaged[at] ?? 0) ^ (at % 2 === 0 ? 0x01 : 0x80);
    const { status, signal } = load(damaged);
    expect([at, signal, status]).toEqual([at, null, 125]);
  }
});

test('an operation in a section that isn’t its own is refused', () => {
  const program = encodeProgram({
    settings: [],
    prepare: [{ do: { op: 'execute' } as never }],
    container: [],
    cleanup: [],
  });
  expect(load(program).stderr).toContain("operation 2 stands in a section where it doesn't belong");
});
