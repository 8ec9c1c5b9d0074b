import { describe, expect, test } from 'vitest';
import { link } from '../../src/wit/link.ts';
import { parseWit } from '../../src/wit/parser.ts';

const parse = (body: string) => parseWit(`package a:b@1.2.3;\n${body}`, 'x.wit');

test('a package’s interfaces and worlds are read with their docs', () => {
  const file = parse(`
    /// What it is.
    /// In two lines.
    interface i {
      /// A pair.
      record pair { %list: string, /* no */ b: option<u8>, } // of things
      f: func(a: pair, b: list<list<u8>>) -> result<_, string>;
    }
    world w { import i; export i; }`);
  expect(file.package).toBe('a:b@1.2.3');
  expect(file.interfaces[0]).toMatchObject({ name: 'i', doc: ['What it is.', 'In two lines.'] });
  expect(file.interfaces[0]?.definitions[0]).toMatchObject({
    kind: 'record',
    doc: ['A pair.'],
    members: [{ name: 'list' }, { name: 'b', type: { kind: 'option' } }],
  });
  expect(file.interfaces[0]?.functions[0]?.result).toEqual({
    kind: 'result',
    err: { kind: 'primitive', name: 'string' },
  });
  expect(file.worlds[0]).toMatchObject({ name: 'w', imports: ['i'], exports: ['i'] });
});

test('names are looked up through use and aliases', () => {
  const wit = link([
    parseWit('package a:b; interface one { enum e { x } type alias = list<e>; }', 'one.wit'),
    parseWit('package a:b; interface two { use one.{alias as names}; f: func() -> names; }', 'two.wit'),
  ]);
  expect(wit.interfaces.get('two')?.functions[0]?.result).toMatchObject({
    kind: 'list',
    element: { kind: 'enum', name: 'e', interface: 'one' },
  });
});

describe('a mistake is told with its file and line', () => {
  test.each([
    ['interface i { f: func(a: nope); }', "x.wit:2: type nope isn't defined"],
    ['interface i { record r { a: list<r> } f: func(); }', 'contains itself'],
    ['interface i { resource r; }', "resource isn't supported"],
    ['interface i {\n f: func(a: stream<u8>); }', "x.wit:3: stream isn't supported"],
    ['interface i { f: fun(); }', 'expected "func", found "fun"'],
    ['interface i { f: func(a: u8 b: u8); }', 'expected "," or ")"'],
    ['interface i { $ }', 'x.wit:2: unexpected "$"'],
    ['interface i {', 'expected a name, found "the end of the file"'],
    ['interface i { use j.{t}; f: func(a: t); }', "interface j isn't defined"],
  ])('%s', (body, message) => {
    expect(() => link([parse(body)])).toThrow(message);
  });
});
