import type { Type } from '../wit/model.ts';
import { pascalCase } from './names.ts';

const SCALARS: Readonly<Record<string, string>> = {
  bool: 'bool',
  u8: 'u8',
  s8: 'i8',
  u16: 'u16',
  s16: 'i16',
  u32: 'u32',
  s32: 'i32',
  u64: 'u64',
  s64: 'i64',
  f32: 'f32',
  f64: 'f64',
  char: 'u32',
};

/** AssemblyScript's name of a type that is no reference, undefined for references. An enum is a string, so a reference. */
export function scalarName(type: Type): string | undefined {
  return SCALARS[type.kind];
}

/** The name that stands for a type in names of functions and of classes: `list<option<string>>` → `ListOptionString`. */
export function mangle(type: Type | undefined): string {
  if (type === undefined) return 'Unit';
  switch (type.kind) {
    case 'record':
    case 'variant':
    case 'enum':
      return pascalCase(type.name);
    case 'list':
    case 'option':
      return pascalCase(type.kind) + mangle(type.element);
    case 'tuple':
      return `Tuple${type.elements.map(mangle).join('')}`;
    case 'result':
      return `Result${mangle(type.ok)}${mangle(type.err)}`;
    default:
      return pascalCase(type.kind);
  }
}

/** The type as a driver's source writes it, in AssemblyScript as in TypeScript. */
export function guestType(type: Type): string {
  const scalar = scalarName(type);
  if (scalar !== undefined) return scalar;
  if (type.kind === 'string') return 'string';
  if (type.kind === 'list') {
    if (type.element.kind === 'u8') return 'Uint8Array';
    const element = guestType(type.element);
    return element.includes(' ') ? `Array<${element}>` : `${element}[]`;
  }
  if (type.kind === 'option') {
    if (type.element.kind === 'option') throw new Error('an option of an option is not supported');
    return `${boxed(type.element)} | null`;
  }
  return mangle(type);
}

/** A scalar in a `Box`, anything else as it is: what fits where a reference is needed. */
export function boxed(type: Type): string {
  return scalarName(type) === undefined ? guestType(type) : `Box<${guestType(type)}>`;
}
