import { describe, expect, test } from 'vitest';
import { capMemory, MemoryCapError } from '../../src/plugin/memory-cap.ts';
import { type WasmMemory, wasm } from '../../src/plugin/webassembly.ts';

/** A module with one memory, exported as `m`, and a custom section on either side. */
function moduleWith(memory: readonly number[]): Uint8Array {
  const custom = [0, 3, 1, 120, 7];
  const section = [5, memory.length + 1, 1, ...memory];
  return Uint8Array.from([
    0,
    97,
    115,
    109,
    1,
    0,
    0,
    0,
    ...custom,
    ...section,
    7,
    5,
    1,
    1,
    109,
    2,
    0,
    ...custom,
  ]);
}

function grows(bytes: Uint8Array, pages: number): boolean {
  const memory = new wasm.Instance(new wasm.Module(bytes), {}).exports.m as WasmMemory & {
    grow(pages: number): number;
  };
  try {
    memory.grow(pages);
    return true;
  } catch {
    return false;
  }
}

describe('capMemory', () => {
  test('lets a memory without a maximum grow to the cap and no further', () => {
    const capped = capMemory(moduleWith([0, 1]), 300);
    expect(grows(capped, 299)).toBe(true);
    expect(grows(capped, 300)).toBe(false);
  });

  test('lowers a larger maximum', () => {
    expect(grows(capMemory(moduleWith([1, 1, 0x80, 0x08]), 4), 4)).toBe(false);
  });

  test('keeps a smaller maximum', () => {
    expect(grows(capMemory(moduleWith([1, 1, 2]), 4), 2)).toBe(false);
  });

  test('refuses a memory that starts larger, or is shared', () => {
    expect(() => capMemory(moduleWith([0, 5]), 4)).toThrow(MemoryCapError);
    expect(() => capMemory(moduleWith([3, 1, 2]), 4)).toThrow('shared');
  });

  test('leaves a module without a memory of its own as it is', () => {
    const bytes = Uint8Array.from([0, 97, 115, 109, 1, 0, 0, 0]);
    expect(capMemory(bytes, 4)).toBe(bytes);
  });
});
