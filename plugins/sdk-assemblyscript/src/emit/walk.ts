import type { Type, WitPackage } from '../wit/model.ts';
import { mangle } from './guest-names.ts';

/** Every type that occurs in the package, once, those that others are made of first. */
export function allTypes(wit: WitPackage): Type[] {
  const found = new Map<string, Type>();
  const visit = (type: Type): void => {
    if (found.has(mangle(type))) return;
    for (const part of partsOf(type)) visit(part);
    found.set(mangle(type), type);
  };
  for (const item of wit.interfaces.values()) {
    for (const type of item.types) visit(type);
    for (const fn of item.functions) {
      for (const param of fn.params) visit(param.type);
      if (fn.result) visit(fn.result);
    }
  }
  return [...found.values()];
}

/** The types that a type is made of directly. */
export function partsOf(type: Type): Type[] {
  switch (type.kind) {
    case 'list':
    case 'option':
      return [type.element];
    case 'tuple':
      return [...type.elements];
    case 'result':
      return [type.ok, type.err].filter((part) => part !== undefined);
    case 'record':
      return type.fields.map((field) => field.type);
    case 'variant':
      return type.cases.map((item) => item.type).filter((part) => part !== undefined);
    default:
      return [];
  }
}
