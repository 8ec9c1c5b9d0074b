import { describe, expect, test } from 'vitest';
import {
  discriminantSize,
  fieldOffsets,
  flatten,
  layoutOf,
  payloadOffset,
  payloads,
} from '../../src/abi/layout.ts';
import { link } from '../../src/wit/link.ts';
import type { Type } from '../../src/wit/model.ts';
import { parseWit } from '../../src/wit/parser.ts';

/** The type that a WIT source calls `t`. */
function typeOf(definitions: string): Type {
  const source = `package a:b; interface i { ${definitions} f: func(v: t); }`;
  const type = link([parseWit(source, 'test.wit')]).interfaces.get('i')?.functions[0]?.params[0]?.type;
  if (type === undefined) throw new Error('no parameter');
  return type;
}

const manyCases = (count: number): string =>
  `enum t { ${Array.from({ length: count }, (_, at) => `c${at}`).join(', ')} }`;

// Sizes and alignments worked out by hand from "Alignment" and "Element Size" of CanonicalABI.md.
describe('layoutOf', () => {
  test.each([
    ['type t = bool;', 1, 1],
    ['type t = s16;', 2, 2],
    ['type t = char;', 4, 4],
    ['type t = u64;', 8, 8],
    ['type t = string;', 8, 4],
    ['type t = list<u64>;', 8, 4],
    ['type t = tuple<u8, u16>;', 4, 2],
    ['record t { a: u8, b: u64, c: u8 }', 24, 8],
    ['record t { a: u8, b: string, c: bool }', 16, 4],
    ['type t = option<u8>;', 2, 1],
    ['type t = option<u64>;', 16, 8],
    ['type t = option<string>;', 12, 4],
    ['type t = result;', 1, 1],
    ['type t = result<u16, string>;', 12, 4],
    ['variant t { a, b(u8), c(f64), d(string) }', 16, 8],
    [manyCases(256), 1, 1],
    [manyCases(257), 2, 2],
  ])('%s takes %i bytes, aligned to %i', (definition, size, align) => {
    expect(layoutOf(typeOf(definition))).toEqual({ size, align });
  });
});

test('fields lie at multiples of their alignment', () => {
  const type = typeOf('record t { a: u8, b: u32, c: u8, d: u16, e: f64, f: bool }');
  if (type.kind !== 'record') throw new Error('no record');
  expect(fieldOffsets(type.fields)).toEqual({ offsets: [0, 4, 8, 10, 16, 24], size: 32, align: 8 });
});

test.each([
  [1, 1],
  [256, 1],
  [257, 2],
  [65536, 2],
  [65537, 4],
] as const)('%i cases have a discriminant of %i bytes', (cases, size) => {
  expect(discriminantSize(cases)).toBe(size);
});

test('a payload lies behind the discriminant at the largest alignment of all cases', () => {
  expect(payloadOffset(payloads(typeOf('variant t { a(u8), b(u64) }')) ?? [])).toBe(8);
  expect(payloadOffset(payloads(typeOf('variant t { a(u8), b }')) ?? [])).toBe(1);
});

describe('flatten', () => {
  test.each([
    ['type t = string;', ['i32', 'i32']],
    ['record t { a: u64, b: f32, c: list<u8> }', ['i64', 'f32', 'i32', 'i32']],
    ['type t = option<string>;', ['i32', 'i32', 'i32']],
    ['variant t { a(f32), b(u32) }', ['i32', 'i32']],
    ['variant t { a(f32), b(u64) }', ['i32', 'i64']],
    ['variant t { a(f64), b(f32) }', ['i32', 'i64']],
    ['variant t { a(string), b(f64), c }', ['i32', 'i64', 'i32']],
    ['type t = result<_, f32>;', ['i32', 'f32']],
  ])('%s is passed as %j', (definition, flat) => {
    expect(flatten(typeOf(definition))).toEqual(flat);
  });
});
