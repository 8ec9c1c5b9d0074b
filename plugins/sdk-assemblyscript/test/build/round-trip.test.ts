import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { transpileBytes } from '@bytecodealliance/jco-transpile';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compileCore, componentOf } from '../../src/index.ts';

type Echo = Readonly<Record<string, (...args: unknown[]) => unknown>>;

const FIXTURE = join(import.meta.dirname, '../../fixture');
const SHAPE = {
  name: 'blåhaj \u{1F988}',
  at: { x: -1, y: 2 ** 31 - 1 },
  colour: 'dark-blue',
  weight: 0.1,
  tags: ['', 'soft', 'a\0b'],
};
const VALUES = [
  { tag: 'nothing' },
  { tag: 'truth', val: true },
  { tag: 'number', val: -0.5 },
  { tag: 'big', val: 2n ** 64n - 1n },
  { tag: 'text', val: 'x'.repeat(70_000) },
  { tag: 'place', val: { x: 1, y: -2 } },
  {
    tag: 'many',
    val: [
      { x: 1, y: 2 },
      { x: 3, y: 4 },
    ],
  },
];
const WIDE = { a: 'a', b: '', c: 'c', d: 'd', e: 'e', f: 'f', g: 'g', h: VALUES[3], i: true };

let directory: string;
let echo: Echo;
const mirrored: string[] = [];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'wherry-round-trip-'));
  const options = {
    wit: join(FIXTURE, 'wit'),
    world: 'trip',
    directory: FIXTURE,
    source: 'driver.ts',
    typesModule: '@round-trip/guest/types.ts',
    importsModule: '@round-trip/guest/mirror.ts',
    maximumMemory: 256,
  };
  const component = await componentOf(await compileCore(options), options);
  const { files } = await transpileBytes(component, {
    name: 'trip',
    instantiation: 'sync',
    wasiShim: false,
    nodejsCompat: false,
    emitTypescriptDeclarations: false,
    outDir: '.',
  });
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(directory, name), bytes);
  writeFileSync(join(directory, 'package.json'), '{ "type": "module" }');
  const { instantiate } = await import(join(directory, 'trip.js'));
  const api = (globalThis as unknown as { WebAssembly: { Module: new (bytes: Uint8Array) => object } })
    .WebAssembly;
  const mirror = new Proxy({}, { get: (_, name) => (value: unknown) => reflect(String(name), value) });
  const load = (name: string): object =>
    new api.Module(files[`./${name}`] ?? files[name] ?? new Uint8Array());
  echo = instantiate(load, { 'test:round-trip/mirror': mirror, 'test:round-trip/mirror@1.0.0': mirror }).echo;
}, 60_000);

afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** The host's side of the imports: a result comes in as `{ tag, val }` and goes out as a value or an exception. */
function reflect(name: string, value: unknown): unknown {
  mirrored.push(name);
  if (name !== 'either') return value;
  const { tag, val } = value as { tag: string; val: unknown };
  if (tag === 'ok') return val;
  throw Object.assign(new Error('err'), { payload: val });
}

/** jco throws a payload that is an object as it is, and any other within an error. */
function payloadOf(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error instanceof Error ? (error as { payload?: unknown }).payload : error;
  }
  throw new Error('the call succeeded');
}

const TRIPS: readonly (readonly [name: string, ...values: unknown[]])[] = [
  ['small', -128, 127],
  ['truth', true, false],
  ['letter', 'a', '\u{1F988}', '\0'],
  ['single', 1.5, -0, Number.POSITIVE_INFINITY],
  ['long', -(2n ** 63n), 42n],
  ['text', '', 'plain', 'ünïcödé \u{1F988}', 'a\0b', 'x'.repeat(100_000)],
  ['bytes', new Uint8Array(), new Uint8Array([0, 255, 7]), new Uint8Array(100_000).fill(3)],
  ['numbers', new Uint32Array(), new Uint32Array([0, 2 ** 32 - 1])],
  ['nested', [], [[], [true, false], [false]]],
  [
    'tuples',
    [],
    [
      [1, 'one', 1.1],
      [255, '', -1],
    ],
  ],
  ['enumeration', 'red', 'green', 'dark-blue'],
  ['recordOf', SHAPE, { ...SHAPE, weight: undefined, tags: [] }],
  ['optionalNumber', undefined, 0, 2 ** 32 - 1],
  ['optionalRecord', undefined, SHAPE],
  ['optionalList', undefined, [], ['a', undefined, '']],
  ['variantOf', ...VALUES],
  ['variants', [], VALUES],
  ['spilled', WIDE, { ...WIDE, h: VALUES[6] }],
];

describe('a component made from AssemblyScript, run by jco', () => {
  for (const [name, ...values] of TRIPS) {
    test(`answers ${name} with what it was given`, () => {
      for (const value of values) expect(echo[name]?.(value)).toEqual(value);
    });
  }

  test('takes scalars of every width', () => {
    const given = [
      true,
      255,
      -128,
      65535,
      -32768,
      2 ** 32 - 1,
      -(2 ** 31),
      2n ** 64n - 1n,
      -(2n ** 63n),
      0.5,
      0.25,
      '\u{1F988}',
    ];
    expect(echo.scalars?.(...given)).toEqual(given.map(String));
  });

  test('answers a result by its value or by an exception with its payload', () => {
    expect(echo.either?.({ tag: 'ok', val: SHAPE })).toEqual(SHAPE);
    for (const val of VALUES) expect(payloadOf(() => echo.either?.({ tag: 'err', val }))).toEqual(val);
    expect(echo.done?.({ tag: 'ok' })).toBeUndefined();
    expect(payloadOf(() => echo.done?.({ tag: 'err', val: 'no' }))).toBe('no');
    expect(echo.points?.({ tag: 'ok', val: [{ x: 1, y: 2 }] })).toEqual([{ x: 1, y: 2 }]);
    expect(payloadOf(() => echo.points?.({ tag: 'err' }))).toBeUndefined();
  });

  test('passes values on to what it imports', () => {
    for (const [name] of TRIPS) {
      const through = [
        'small',
        'letter',
        'long',
        'text',
        'enumeration',
        'recordOf',
        'optionalRecord',
        'variantOf',
        'variants',
        'spilled',
      ];
      if (through.includes(name)) expect(mirrored).toContain(name);
    }
  });

  test('frees what its calls took', () => {
    const large = new Uint8Array(3_000_000).fill(1);
    for (let times = 0; times < 12; times += 1) expect(echo.bytes?.(large)).toHaveLength(large.length);
  });
});
