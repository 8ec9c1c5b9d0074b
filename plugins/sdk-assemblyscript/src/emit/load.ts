import {
  type CoreType,
  discriminantSize,
  fieldOffsets,
  flatten,
  layoutOf,
  membersOf,
  payloadOffset,
  payloads,
} from '../abi/layout.ts';
import type { Type } from '../wit/model.ts';
import { guestType, mangle, scalarName } from './guest-names.ts';
import { camelCase } from './names.ts';

/** Names of the cases of a variant, enum or result, for the table `CASES_…`. */
export function caseNames(type: Type): readonly string[] {
  if (type.kind === 'result') return ['ok', 'err'];
  if (type.kind === 'variant' || type.kind === 'enum') return type.cases.map((item) => item.name);
  throw new Error(`${type.kind} has no named cases`);
}

/** `wrap(expression)` makes what a variant's case or an option holds of the payload's own value. */
function holder(type: Type, index: number, payload: string | undefined): string {
  if (type.kind === 'option') {
    if (payload === undefined) return 'null';
    return scalarName(type.element) === undefined
      ? payload
      : `new types.Box<${guestType(type.element)}>(${payload})`;
  }
  return `types.${mangle(type)}.${camelCase(caseNames(type)[index] ?? '')}(${payload ?? ''})`;
}

/** A function `load…(p)` that reads a value out of memory. */
export function emitLoad(type: Type): string {
  const name = mangle(type);
  const body = loadBody(type);
  return `export function load${name}(p: usize): ${qualified(type)} {\n${body}\n}\n`;
}

function loadBody(type: Type): string {
  const scalar = scalarName(type);
  if (type.kind === 'bool') return '  return load<u8>(p) != 0;';
  if (scalar !== undefined) return `  return load<${scalar}>(p);`;
  switch (type.kind) {
    case 'string':
      return '  return liftString(load<u32>(p), load<u32>(p, 4));';
    case 'list':
      return `  return liftFlat${mangle(type)}(load<u32>(p), load<u32>(p, 4));`;
    case 'enum':
      return `  return CASES_${mangle(type)}[load<u${8 * discriminantSize(type.cases.length)}>(p)];`;
    case 'record':
    case 'tuple': {
      const members = membersOf(type);
      const { offsets } = fieldOffsets(members);
      const fields = members.map(
        (member, index) =>
          `    '${camelCase(member.name)}': load${mangle(member.type)}(p + ${offsets[index]}),\n`,
      );
      return `  return {\n${fields.join('')}  };`;
    }
    default: {
      const cases = payloads(type) ?? [];
      const offset = payloadOffset(cases);
      const branches = cases.map((item, index) => {
        const payload = item && `load${mangle(item)}(p + ${offset})`;
        return `    case ${index}: return ${holder(type, index, payload)};`;
      });
      return switchOn(`load<u${8 * discriminantSize(cases.length)}>(p)`, branches);
    }
  }
}

/** A function `liftFlat…(a0, a1, …)` that makes a value of flat parameters. */
export function emitLiftFlat(type: Type): string {
  const params = flatten(type).map((core, index) => `a${index}: ${core}`);
  const names = flatten(type).map((_, index) => `a${index}`);
  return `export function liftFlat${mangle(type)}(${params.join(', ')}): ${qualified(type)} {\n${liftBody(type, names)}\n}\n`;
}

/** The expression that lifts flat values which are held by these names. */
export function liftFlatCall(type: Type, names: readonly string[]): string {
  return `liftFlat${mangle(type)}(${names.join(', ')})`;
}

function liftBody(type: Type, names: readonly string[]): string {
  const scalar = scalarName(type);
  if (type.kind === 'bool') return '  return a0 != 0;';
  if (scalar !== undefined) return `  return a0 as ${scalar};`;
  switch (type.kind) {
    case 'string':
      return '  return liftString(a0, a1);';
    case 'list':
      return listBody(type.element);
    case 'enum':
      return `  return CASES_${mangle(type)}[a0];`;
    case 'record':
    case 'tuple': {
      let at = 0;
      const fields = membersOf(type).map((member) => {
        const count = flatten(member.type).length;
        const call = liftFlatCall(member.type, names.slice(at, at + count));
        at += count;
        return `    '${camelCase(member.name)}': ${call},\n`;
      });
      return `  return {\n${fields.join('')}  };`;
    }
    default: {
      const joined = flatten(type);
      const branches = (payloads(type) ?? []).map((item, index) => {
        const args =
          item &&
          flatten(item).map((core, place) => unjoin(`a${place + 1}`, joined[place + 1] ?? core, core));
        return `    case ${index}: return ${holder(type, index, item && args && liftFlatCall(item, args))};`;
      });
      return switchOn('a0', branches);
    }
  }
}

function listBody(element: Type): string {
  if (element.kind === 'u8') {
    return '  return a1 == 0 ? new Uint8Array(0) : Uint8Array.wrap(changetype<ArrayBuffer>(a0), 0, a1);';
  }
  const { size } = layoutOf(element);
  return [
    `  const values = new Array<${qualified(element)}>(a1);`,
    `  for (let i = 0; i < a1; i++) unchecked((values[i] = load${mangle(element)}(a0 + i * ${size})));`,
    '  return values;',
  ].join('\n');
}

function switchOn(value: string, branches: readonly string[]): string {
  return [
    `  switch (${value}) {`,
    ...branches,
    "    default: throw new Error('a discriminant is out of range');",
    '  }',
  ].join('\n');
}

/** Undoes the canonical ABI's joining of the flat types of several cases. */
function unjoin(name: string, have: CoreType, want: CoreType): string {
  if (have === want) return name;
  if (have === 'i32') return `reinterpret<f32>(${name})`;
  if (want === 'i32') return `(${name} as i32)`;
  return want === 'f32' ? `reinterpret<f32>(${name} as i32)` : `reinterpret<f64>(${name})`;
}

/** The type's name as the glue writes it, which has the driver's types under `types.` */
export function qualified(type: Type): string {
  const scalar = scalarName(type);
  if (scalar !== undefined || type.kind === 'string' || type.kind === 'enum') return scalar ?? 'string';
  if (type.kind === 'list')
    return type.element.kind === 'u8' ? 'Uint8Array' : `Array<${qualified(type.element)}>`;
  if (type.kind === 'option') {
    const element = scalarName(type.element);
    return `${element === undefined ? qualified(type.element) : `types.Box<${element}>`} | null`;
  }
  return `types.${mangle(type)}`;
}
