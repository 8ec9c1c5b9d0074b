import { describe, expect, test } from 'vitest';
import { Lifter } from '../../src/plugin/lift.ts';
import { Lowerer } from '../../src/plugin/lower.ts';
import type { GuestMemory, StringEncoding } from '../../src/plugin/memory.ts';
import { SCHEMA } from '../../src/plugin/schema.ts';
import { typeAt } from '../../src/plugin/schema-types.ts';

/** A memory with an allocator that only ever goes on, as a driver's might. */
function guest(encoding: StringEncoding = 'utf16'): GuestMemory {
  const memory = { buffer: new ArrayBuffer(1 << 20) };
  let top = 64;
  return {
    memory,
    encoding,
    allocate: (size, align) => {
      const address = Math.ceil(top / align) * align;
      top = address + size;
      return address;
    },
  };
}

function typeNamed(name: string): number {
  return SCHEMA.types.findIndex((node) => node.name === name);
}

/** Lowers and lifts a value of the contract. */
function roundTrip(name: string, value: unknown, encoding?: StringEncoding): unknown {
  const type = typeNamed(name);
  const node = typeAt(SCHEMA, type);
  const memory = guest(encoding);
  const address = memory.allocate(node.size, node.align);
  new Lowerer(SCHEMA, memory).store(type, value, address);
  return new Lifter(SCHEMA, memory, name).load(type, address);
}

const LOCATION = { root: 'layers', path: 'ü/\u{1F433}' };

describe('what is lowered is lifted again', () => {
  test.each<[string, unknown]>([
    ['Location', LOCATION],
    ['Step', { do: { tag: 'make-dir', val: { at: LOCATION, mode: 0o1777 } }, undo: undefined }],
    [
      'Step',
      {
        do: { tag: 'remove-tree', val: { at: LOCATION } },
        undo: { tag: 'remove-tree', val: { at: LOCATION } },
      },
    ],
    [
      'Operation',
      { tag: 'write-file', val: { at: LOCATION, mode: 0, content: new Uint8Array([0, 1, 255]) } },
    ],
    [
      'Operation',
      {
        tag: 'link-add',
        val: {
          namespace: 'shared',
          name: 'br0',
          kind: { tag: 'vlan', val: { parent: 'eth0', id: 7 } },
          mtu: 2 ** 32 - 1,
          mac: undefined,
        },
      },
    ],
    ['Sink', { tag: 'none' }],
    ['ListStep', []],
    ['OptionAttachment', undefined],
    ['PortMapping', { protocol: 'udp', hostIp: '', hostPort: 65535, containerPort: 1 }],
  ])('%s %j', (name, value) => {
    expect(roundTrip(name, value)).toEqual(value);
    expect(roundTrip(name, value, 'utf8')).toEqual(value);
  });
});

describe('a value that isn’t of its type is not lowered', () => {
  test.each<[string, unknown]>([
    ['Location', { root: 'elsewhere', path: '' }],
    ['Location', { root: 'layers' }],
    ['MakeDir', { at: LOCATION, mode: '0755' }],
    ['ListStep', undefined],
    ['Sink', { tag: 'nowhere' }],
  ])('%s %j', (name, value) => {
    expect(() => roundTrip(name, value)).toThrow(TypeError);
  });
});

test('a reply without end is cut off', () => {
  const memory = guest();
  const view = new DataView(memory.memory.buffer);
  view.setUint32(4, 60_000, true);
  view.setUint32(0, 16, true);
  const list = typeNamed('ListKeyValue');
  expect(() => new Lifter(SCHEMA, memory, 'reply').load(list, 0)).not.toThrow();
  const twice = new Lifter(SCHEMA, memory, 'reply');
  twice.load(list, 0);
  expect(() => twice.load(list, 0)).toThrow('more than 200000 values');
});

test('text that is no UTF-8 is refused', () => {
  const memory = guest('utf8');
  new DataView(memory.memory.buffer).setUint8(0, 0xff);
  expect(() => new Lifter(SCHEMA, memory, 'reply').pair(typeNamed('String'), 0, 1)).toThrow('well-formed');
});

test('text without end is cut off', () => {
  const memory = guest();
  const lifter = new Lifter(SCHEMA, memory, 'reply');
  const text = typeNamed('String');
  expect(() => {
    for (let times = 0; times < 100; times += 1) lifter.pair(text, 0, 500_000);
  }).toThrow('of text');
});
