import type { Field, Type } from '../wit/model.ts';

/**
 * Sizes, alignments and flat types after the component model's canonical ABI ("CanonicalABI.md": Alignment, Element Size,
 * Flattening) for 32-bit memory.
 */

export interface Layout {
  /** Bytes. */
  readonly size: number;
  readonly align: number;
}
export type CoreType = 'i32' | 'i64' | 'f32' | 'f64';

/** More flat parameters than these are passed as one pointer; more flat results than `MAX_FLAT_RESULTS` likewise. */
export const MAX_FLAT_PARAMS = 16;
export const MAX_FLAT_RESULTS = 1;

const SCALARS: Readonly<Record<string, { readonly size: number; readonly core: CoreType }>> = {
  bool: { size: 1, core: 'i32' },
  u8: { size: 1, core: 'i32' },
  s8: { size: 1, core: 'i32' },
  u16: { size: 2, core: 'i32' },
  s16: { size: 2, core: 'i32' },
  u32: { size: 4, core: 'i32' },
  s32: { size: 4, core: 'i32' },
  char: { size: 4, core: 'i32' },
  f32: { size: 4, core: 'f32' },
  u64: { size: 8, core: 'i64' },
  s64: { size: 8, core: 'i64' },
  f64: { size: 8, core: 'f64' },
};

export function alignTo(offset: number, align: number): number {
  return Math.ceil(offset / align) * align;
}

/** The payloads of a type that has cases, in the order of their discriminants; undefined for any other type. */
export function payloads(type: Type): readonly (Type | undefined)[] | undefined {
  switch (type.kind) {
    case 'option':
      return [undefined, type.element];
    case 'result':
      return [type.ok, type.err];
    case 'variant':
    case 'enum':
      return type.cases.map((item) => item.type);
    default:
      return undefined;
  }
}

/** Bytes of the discriminant of a type with this many cases: 1, 2 or 4. */
export function discriminantSize(cases: number): 1 | 2 | 4 {
  return cases <= 1 << 8 ? 1 : cases <= 1 << 16 ? 2 : 4;
}

/** Where the payload of a type with cases begins. */
export function payloadOffset(cases: readonly (Type | undefined)[]): number {
  return alignTo(discriminantSize(cases.length), maxAlign(cases));
}

export function layoutOf(type: Type): Layout {
  const scalar = SCALARS[type.kind];
  if (scalar !== undefined) return { size: scalar.size, align: scalar.size };
  if (type.kind === 'string' || type.kind === 'list') return { size: 8, align: 4 };
  const cases = payloads(type);
  if (cases !== undefined) {
    const align = Math.max(discriminantSize(cases.length), maxAlign(cases));
    const largest = Math.max(0, ...cases.map((item) => (item ? layoutOf(item).size : 0)));
    return { size: alignTo(payloadOffset(cases) + largest, align), align };
  }
  const offsets = fieldOffsets(membersOf(type));
  return { size: offsets.size, align: offsets.align };
}

/** The members of a record, or of a tuple under the names `f0`, `f1`, … */
export function membersOf(type: Type): readonly Pick<Field, 'name' | 'type'>[] {
  if (type.kind === 'record') return type.fields;
  if (type.kind === 'tuple')
    return type.elements.map((element, index) => ({ name: `f${index}`, type: element }));
  throw new Error(`${type.kind} has no members`);
}

/** Where each of a sequence of values lies, and the layout of the whole; also for parameters that are passed in memory. */
export function fieldOffsets(
  fields: readonly { readonly type: Type }[],
): Layout & { readonly offsets: number[] } {
  const offsets: number[] = [];
  let end = 0;
  let align = 1;
  for (const field of fields) {
    const layout = layoutOf(field.type);
    const offset = alignTo(end, layout.align);
    offsets.push(offset);
    end = offset + layout.size;
    align = Math.max(align, layout.align);
  }
  return { offsets, size: alignTo(end, align), align };
}

/** The core types that a value is passed as when it isn't passed in memory. */
export function flatten(type: Type): CoreType[] {
  const scalar = SCALARS[type.kind];
  if (scalar !== undefined) return [scalar.core];
  if (type.kind === 'string' || type.kind === 'list') return ['i32', 'i32'];
  const cases = payloads(type);
  if (cases === undefined) return membersOf(type).flatMap((member) => flatten(member.type));
  const joined: CoreType[] = [];
  for (const item of cases) {
    for (const [index, core] of (item ? flatten(item) : []).entries()) {
      joined[index] = join(joined[index] ?? core, core);
    }
  }
  return ['i32', ...joined];
}

function join(a: CoreType, b: CoreType): CoreType {
  if (a === b) return a;
  return (a === 'i32' && b === 'f32') || (a === 'f32' && b === 'i32') ? 'i32' : 'i64';
}

function maxAlign(cases: readonly (Type | undefined)[]): number {
  return Math.max(1, ...cases.map((item) => (item ? layoutOf(item).align : 1)));
}
