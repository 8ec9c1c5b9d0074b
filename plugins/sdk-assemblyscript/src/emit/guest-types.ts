import { membersOf } from '../abi/layout.ts';
import type { Case, Type, WitPackage } from '../wit/model.ts';
import { boxed, guestType, mangle, scalarName } from './guest-names.ts';
import { camelCase } from './names.ts';
import { docBlock } from './text.ts';
import { allTypes } from './walk.ts';

/** Who reads the generated module: `asc`, or Node and the TypeScript compiler. */
export type Dialect = 'assemblyscript' | 'typescript';

/**
 * The package's types as a driver's source uses them. A record is a class without a constructor, so it is written as an
 * object literal; a variant or result is made by a static function named after the case; an enum is a string.
 *
 * Both dialects declare the same names, so a source that compiles with asc also runs as TypeScript. They differ where
 * AssemblyScript has no word: unions of string literals, and `unknown`.
 */
export function emitGuestTypes(wit: WitPackage, dialect: Dialect): string {
  const head =
    dialect === 'typescript'
      ? `/// <reference path="./assemblyscript.d.ts" />\n/** Generated from ${wit.id} by scripts/generate-contract.ts. */\n`
      : '';
  const box =
    'export class Box<T> {\n  value: T;\n  constructor(value: T) {\n    this.value = value;\n  }\n}\n';
  return [head, box, ...allTypes(wit).map((type) => emitType(type, dialect))]
    .filter((text) => text !== '')
    .join('\n');
}

function emitType(type: Type, dialect: Dialect): string {
  switch (type.kind) {
    case 'record':
    case 'tuple': {
      const doc = type.kind === 'record' ? docBlock(type.doc) : '';
      const fields = membersOf(type).map((field) => `  ${camelCase(field.name)}${declared(field.type)};\n`);
      return `${doc}export class ${mangle(type)} {\n${fields.join('')}}\n`;
    }
    case 'enum': {
      const union = type.cases.map((item) => `'${item.name}'`).join(' | ');
      return `${docBlock(type.doc)}export type ${mangle(type)} = ${dialect === 'typescript' ? union : 'string'};\n`;
    }
    case 'variant':
      return docBlock(type.doc) + emitVariant(mangle(type), type.cases, dialect);
    case 'result': {
      const cases = [type.ok, type.err].map((part, index) => ({
        name: index === 0 ? 'ok' : 'err',
        doc: [],
        ...(part && { type: part }),
      }));
      return emitVariant(mangle(type), cases, dialect);
    }
    default:
      return '';
  }
}

/** AssemblyScript wants a scalar set at once; a reference may wait for the object literal, which must name it. */
function declared(type: Type): string {
  if (type.kind === 'bool') return ': bool = false';
  return scalarName(type) !== undefined
    ? `: ${guestType(type)} = 0`
    : type.kind === 'option'
      ? `: ${guestType(type)} = null`
      : `!: ${guestType(type)}`;
}

function emitVariant(name: string, cases: readonly Case[], dialect: Dialect): string {
  const value = dialect === 'typescript' ? 'unknown' : 'Object | null';
  const lines = [
    `export class ${name} {`,
    '  tag: string;',
    `  val: ${value};`,
    `  constructor(tag: string, val: ${value}) {`,
    '    this.tag = tag;',
    '    this.val = val;',
    '  }',
  ];
  for (const item of cases) lines.push(...emitCase(name, item));
  return `${lines.join('\n')}\n}\n`;
}

function emitCase(name: string, item: Case): string[] {
  const make = camelCase(item.name);
  const doc = docBlock(item.doc, '  ').trimEnd();
  const head = doc === '' ? [] : [doc];
  if (item.type === undefined) {
    return [...head, `  static ${make}(): ${name} {`, `    return new ${name}('${item.name}', null);`, '  }'];
  }
  const scalar = scalarName(item.type) !== undefined;
  const payload = scalar ? `new Box<${guestType(item.type)}>(val)` : 'val';
  const read = `(this.val as ${boxed(item.type)})${scalar ? '.value' : ''}`;
  return [
    ...head,
    `  static ${make}(val: ${guestType(item.type)}): ${name} {`,
    `    return new ${name}('${item.name}', ${payload});`,
    '  }',
    `  as${make.charAt(0).toUpperCase()}${make.slice(1)}(): ${guestType(item.type)} {`,
    `    return ${read.startsWith('(this.val') && !scalar ? read.slice(1, -1) : read};`,
    '  }',
  ];
}
