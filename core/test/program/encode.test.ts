import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { encodeProgram, MAGIC, VERSION } from '../../src/program/encode.ts';
import { OPCODES } from '../../src/program/opcode.ts';
import type { Program } from '../../src/program/operation.ts';

const EMPTY: Program = { settings: [], prepare: [], container: [], cleanup: [] };

interface Decoded {
  readonly opcode: number;
  readonly args: readonly string[];
}

/** Reads a program as PROGRAM.md describes it. */
function decode(bytes: Uint8Array): Decoded[] {
  const view = Buffer.from(bytes);
  expect(view.toString('latin1', 0, 8)).toBe(MAGIC);
  expect(view.readUInt32LE(8)).toBe(VERSION);
  const operations: Decoded[] = [];
  let at = 16;
  for (let left = view.readUInt32LE(12); left > 0; left--) {
    const end = at + 4 + view.readUInt32LE(at);
    const opcode = view.readUInt16LE(at + 4);
    const args: string[] = [];
    let next = at + 8;
    for (let count = view.readUInt16LE(at + 6); count > 0; count--) {
      const length = view.readUInt32LE(next);
      args.push(view.toString('utf8', next + 4, next + 4 + length));
      expect(view[next + 4 + length]).toBe(0);
      next += 4 + length + 1;
    }
    expect(next).toBe(end);
    operations.push({ opcode, args });
    at = end;
  }
  expect(at).toBe(view.length);
  return operations;
}

test('the four sections are there in order, even when they are empty', () => {
  expect(decode(encodeProgram(EMPTY))).toEqual(
    ['settings', 'prepare', 'container', 'cleanup'].map((name) => ({
      opcode: OPCODES.section,
      args: [name],
    })),
  );
});

test('numbers are decimal, booleans 0 and 1, what is absent is empty', () => {
  const operations = decode(
    encodeProgram({
      ...EMPTY,
      settings: [
        { op: 'attach', stdin: false, stdout: true, stderr: true },
        { op: 'log-file', path: '/l', framing: 'cri', maxSize: undefined, maxFiles: 3 },
      ],
      prepare: [{ do: { op: 'make-dir', path: '/d', mode: 0o755, uid: 0 } }],
    }),
  );
  expect(operations.filter(({ opcode }) => opcode !== OPCODES.section)).toEqual([
    { opcode: OPCODES.attach, args: ['0', '1', '1'] },
    { opcode: OPCODES['log-file'], args: ['/l', 'cri', '', '3', '', '0'] },
    { opcode: OPCODES['make-dir'], args: ['/d', '493', '0', ''] },
  ]);
});

test('undo and optional are flags of the opcode', () => {
  const operations = decode(
    encodeProgram({
      ...EMPTY,
      prepare: [
        {
          do: { op: 'rename', source: '/a', target: '/b' },
          undo: [{ op: 'rename', source: '/b', target: '/a' }],
        },
      ],
      container: [{ op: 'sysctl', name: 'n', value: '1', optional: true }],
    }),
  );
  expect(operations.map(({ opcode }) => opcode)).toEqual([
    OPCODES.section,
    OPCODES.section,
    OPCODES.rename,
    OPCODES.rename | 0x8000,
    OPCODES.section,
    OPCODES.sysctl | 0x4000,
    OPCODES.section,
  ]);
});

test('text with a NUL, and numbers that aren’t integers, are refused', () => {
  const hostname = (name: string) => encodeProgram({ ...EMPTY, container: [{ op: 'hostname', name }] });
  expect(() => hostname('a\0b')).toThrow(RangeError);
  expect(() => encodeProgram({ ...EMPTY, container: [{ op: 'umask', mask: 1.5 }] })).toThrow(RangeError);
});

test('opcodes are the launcher’s', () => {
  const header = readFileSync(join(import.meta.dirname, '../../../launcher/src/opcodes.h'), 'utf8');
  const entries = [...header.matchAll(/^OPERATION\(\w+, (0x[0-9a-f]+), "([a-z-]+)"/gm)];
  expect(Object.fromEntries(entries.map(([, number, name]) => [name, Number(number)]))).toEqual(OPCODES);
});
