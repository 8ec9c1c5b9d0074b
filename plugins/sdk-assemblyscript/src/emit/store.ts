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
import { mangle, scalarName } from './guest-names.ts';
import { caseNames, qualified } from './load.ts';
import { camelCase } from './names.ts';

/** A function `store…(p, v)` that writes a value to memory. */
export function emitStore(type: Type): string {
  return `export function store${mangle(type)}(p: usize, v: ${qualified(type)}): void {\n${storeBody(type)}\n}\n`;
}

function storeBody(type: Type): string {
  const scalar = scalarName(type);
  if (type.kind === 'bool') return '  store<u8>(p, v ? 1 : 0);';
  if (scalar !== undefined) return `  store<${scalar}>(p, v);`;
  switch (type.kind) {
    case 'string':
      return '  store<u32>(p, changetype<usize>(v) as u32);\n  store<u32>(p, v.length, 4);';
    case 'list':
      return storeList(type.element);
    case 'record':
    case 'tuple': {
      const members = membersOf(type);
      const { offsets } = fieldOffsets(members);
      return members
        .map(
          (member, index) =>
            `  store${mangle(member.type)}(p + ${offsets[index]}, v.${camelCase(member.name)});`,
        )
        .join('\n');
    }
    case 'option': {
      const offset = payloadOffset([undefined, type.element]);
      const value = scalarName(type.element) === undefined ? 'v' : 'v.value';
      return `  if (v === null) {\n    store<u8>(p, 0);\n  } else {\n    store<u8>(p, 1);\n    store${mangle(type.element)}(p + ${offset}, ${value});\n  }`;
    }
    case 'enum':
      return `  store<u${8 * discriminantSize(type.cases.length)}>(p, caseIndex(CASES_${mangle(type)}, v, '${type.name}'));`;
    default:
      return storeCases(type);
  }
}

function storeList(element: Type): string {
  if (element.kind === 'u8') return '  store<u32>(p, v.dataStart as u32);\n  store<u32>(p, v.length, 4);';
  const { size } = layoutOf(element);
  return [
    '  const length = v.length;',
    `  const a = allocate(length * ${size});`,
    `  for (let i = 0; i < length; i++) store${mangle(element)}(a + i * ${size}, v[i]);`,
    '  store<u32>(p, a as u32);',
    '  store<u32>(p, length, 4);',
  ].join('\n');
}

function storeCases(type: Type): string {
  const cases = payloads(type) ?? [];
  const name = mangle(type);
  const offset = payloadOffset(cases);
  const branches = cases.flatMap((item, index) => {
    if (item === undefined) return [];
    const make = camelCase(caseNames(type)[index] ?? '');
    const read = `v.as${make.charAt(0).toUpperCase()}${make.slice(1)}()`;
    return [`    case ${index}: store${mangle(item)}(p + ${offset}, ${read}); break;`];
  });
  return [
    `  const index = caseIndex(CASES_${name}, v.tag, '${name}');`,
    `  store<u${8 * discriminantSize(cases.length)}>(p, index);`,
    '  switch (index) {',
    ...branches,
    '    default: break;',
    '  }',
  ].join('\n');
}

/** The expressions that read the flat values of something that lies in memory at `p + offset`. */
export function flatLoads(type: Type, p: string, offset = 0): string[] {
  const at = offset === 0 ? p : `${p} + ${offset}`;
  const scalar = scalarName(type);
  if (type.kind === 'bool') return [`load<u8>(${at}) as i32`];
  if (scalar !== undefined) return [`load<${scalar}>(${at}) as ${flatten(type)[0]}`];
  if (type.kind === 'string' || type.kind === 'list') return [`load<i32>(${at})`, `load<i32>(${at}, 4)`];
  const cases = payloads(type);
  if (cases === undefined) {
    const members = membersOf(type);
    const { offsets } = fieldOffsets(members);
    return members.flatMap((member, index) => flatLoads(member.type, p, offset + (offsets[index] ?? 0)));
  }
  const tag = `load<u${8 * discriminantSize(cases.length)}>(${at}) as i32`;
  const inner = offset + payloadOffset(cases);
  const joined = flatten(type).slice(1);
  const columns = joined.map((core, place) => {
    const choices = cases.flatMap((item, index) => {
      const flat = item ? flatten(item)[place] : undefined;
      if (item === undefined || flat === undefined) return [];
      return [`(${tag}) == ${index} ? ${join(flatLoads(item, p, inner)[place] ?? '', flat, core)} : `];
    });
    return `(${choices.join('')}(0 as ${core}))`;
  });
  return [tag, ...columns];
}

function join(expression: string, have: CoreType, want: CoreType): string {
  if (have === want) return `(${expression})`;
  if (have === 'i32') return `((${expression}) as u32 as i64)`;
  const bits = have === 'f32' ? `reinterpret<i32>(${expression})` : `reinterpret<i64>(${expression})`;
  return want === 'i64' && have === 'f32' ? `(${bits} as u32 as i64)` : bits;
}
