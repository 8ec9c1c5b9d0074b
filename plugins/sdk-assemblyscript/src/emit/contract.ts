import type { DefinedType, Func, Interface, Type, WitPackage } from '../wit/model.ts';
import { camelCase, pascalCase } from './names.ts';
import { docBlock } from './text.ts';

/**
 * The package's types as a JavaScript host of jco sees them: records with camelCase keys, variants as `{ tag, val }`,
 * enums as strings, an absent option as `undefined`, a result as its value or what is thrown.
 */
export function emitContract(wit: WitPackage): string {
  const header = `/** Generated from wit/ (${wit.id}) by scripts/generate-contract.ts; change that, then generate. */\n`;
  return [header, ...[...wit.interfaces.values()].map(emitInterface)].join('\n');
}

function emitInterface(syntax: Interface): string {
  const types = syntax.types.map(emitDefinition);
  if (syntax.functions.length === 0) return types.join('\n');
  const functions = syntax.functions.map(emitFunction).join('\n');
  const name = pascalCase(syntax.name);
  return [...types, `${docBlock(syntax.doc)}export interface ${name} {\n${functions}\n}\n`].join('\n');
}

function emitFunction(fn: Func): string {
  const params = fn.params.map((param) => `${camelCase(param.name)}: ${emitType(param.type)}`).join(', ');
  const { result } = fn;
  const value =
    result?.kind === 'result'
      ? result.ok
        ? emitType(result.ok)
        : 'void'
      : result
        ? emitType(result)
        : 'void';
  const doc =
    result?.kind === 'result' && result.err ? [...fn.doc, `@throws ${emitType(result.err)}`] : fn.doc;
  return `${docBlock(doc, '  ')}  ${camelCase(fn.name)}(${params}): ${value};`;
}

function emitDefinition(type: DefinedType): string {
  const name = pascalCase(type.name);
  const doc = docBlock(type.doc);
  switch (type.kind) {
    case 'record': {
      const fields = type.fields.map((field) => {
        const optional = field.type.kind === 'option';
        const inner =
          field.type.kind === 'option' ? `${emitType(field.type.element)} | undefined` : emitType(field.type);
        return `${docBlock(field.doc, '  ')}  readonly ${camelCase(field.name)}${optional ? '?' : ''}: ${inner};\n`;
      });
      return `${doc}export interface ${name} {\n${fields.join('')}}\n`;
    }
    case 'enum': {
      const cases = type.cases.map((item) => `${docBlock(item.doc, '  ')}  | '${item.name}'`);
      return `${doc}export type ${name} =\n${cases.join('\n')};\n`;
    }
    case 'variant': {
      const cases = type.cases.map((item) => {
        const val = item.type ? `; readonly val: ${emitType(item.type)}` : '';
        return `${docBlock(item.doc, '  ')}  | { readonly tag: '${item.name}'${val} }`;
      });
      return `${doc}export type ${name} =\n${cases.join('\n')};\n`;
    }
  }
}

const NUMBERS = new Set(['u8', 's8', 'u16', 's16', 'u32', 's32', 'f32', 'f64']);
const ARRAYS: Readonly<Record<string, string>> = {
  u8: 'Uint8Array',
  s8: 'Int8Array',
  u16: 'Uint16Array',
  s16: 'Int16Array',
  u32: 'Uint32Array',
  s32: 'Int32Array',
  u64: 'BigUint64Array',
  s64: 'BigInt64Array',
  f32: 'Float32Array',
  f64: 'Float64Array',
};

function emitType(type: Type): string {
  if (NUMBERS.has(type.kind)) return 'number';
  switch (type.kind) {
    case 'bool':
      return 'boolean';
    case 'u64':
    case 's64':
      return 'bigint';
    case 'char':
    case 'string':
      return 'string';
    case 'list': {
      const array = ARRAYS[type.element.kind];
      if (array !== undefined) return array;
      const element = emitType(type.element);
      return `readonly ${element.includes(' ') ? `(${element})` : element}[]`;
    }
    case 'option':
      return `${emitType(type.element)} | undefined`;
    case 'tuple':
      return `readonly [${type.elements.map(emitType).join(', ')}]`;
    case 'result': {
      const ok = type.ok
        ? `{ readonly tag: 'ok'; readonly val: ${emitType(type.ok)} }`
        : "{ readonly tag: 'ok' }";
      const err = type.err
        ? `{ readonly tag: 'err'; readonly val: ${emitType(type.err)} }`
        : "{ readonly tag: 'err' }";
      return `${ok} | ${err}`;
    }
    case 'record':
    case 'variant':
    case 'enum':
      return pascalCase(type.name);
  }
  throw new Error(`no TypeScript type for ${type.kind}`);
}
