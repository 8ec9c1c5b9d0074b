import type { PrimitiveName } from './syntax.ts';

/** A WIT package with every name looked up; aliases and `use` have vanished into the types that they stand for. */

export type Type = PrimitiveType | ListType | OptionType | TupleType | ResultType | DefinedType;

export interface PrimitiveType {
  readonly kind: PrimitiveName;
}
export interface ListType {
  readonly kind: 'list';
  readonly element: Type;
}
export interface OptionType {
  readonly kind: 'option';
  readonly element: Type;
}
export interface TupleType {
  readonly kind: 'tuple';
  readonly elements: readonly Type[];
}
export interface ResultType {
  readonly kind: 'result';
  readonly ok?: Type;
  readonly err?: Type;
}

interface Defined {
  readonly name: string;
  readonly interface: string;
  readonly doc: readonly string[];
}
export interface Field {
  readonly name: string;
  readonly doc: readonly string[];
  readonly type: Type;
}
export interface Case {
  readonly name: string;
  readonly doc: readonly string[];
  readonly type?: Type;
}
export interface RecordType extends Defined {
  readonly kind: 'record';
  readonly fields: readonly Field[];
}
export interface VariantType extends Defined {
  readonly kind: 'variant';
  readonly cases: readonly Case[];
}
export interface EnumType extends Defined {
  readonly kind: 'enum';
  readonly cases: readonly Case[];
}
export type DefinedType = RecordType | VariantType | EnumType;

export interface Func {
  readonly name: string;
  readonly doc: readonly string[];
  readonly params: readonly { readonly name: string; readonly type: Type }[];
  readonly result?: Type;
}
export interface Interface {
  readonly name: string;
  readonly doc: readonly string[];
  /** The types it defines itself, in the order of the source. */
  readonly types: readonly DefinedType[];
  readonly functions: readonly Func[];
}
export interface World {
  readonly name: string;
  readonly imports: readonly string[];
  readonly exports: readonly string[];
}
export interface WitPackage {
  /** `namespace:name@version` */
  readonly id: string;
  readonly interfaces: ReadonlyMap<string, Interface>;
  readonly worlds: ReadonlyMap<string, World>;
}

/** `wherry:driver/host@0.1.0` for the interface `host`. */
export function interfaceId(wit: WitPackage, name: string): string {
  const [base = '', version] = wit.id.split('@');
  return version === undefined ? `${base}/${name}` : `${base}/${name}@${version}`;
}

/** @throws Error when the package has no interface of that name */
export function interfaceOf(wit: WitPackage, name: string): Interface {
  const found = wit.interfaces.get(name);
  if (found === undefined) throw new Error(`${wit.id} has no interface ${name}`);
  return found;
}

/** @throws Error when the package has no world of that name */
export function worldOf(wit: WitPackage, name: string): World {
  const found = wit.worlds.get(name);
  if (found === undefined) throw new Error(`${wit.id} has no world ${name}`);
  return found;
}
