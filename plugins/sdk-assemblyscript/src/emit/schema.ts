import {
  discriminantSize,
  fieldOffsets,
  flatten,
  layoutOf,
  membersOf,
  payloadOffset,
  payloads,
} from '../abi/layout.ts';
import { interfaceId, type Type, type WitPackage } from '../wit/model.ts';
import { mangle } from './guest-names.ts';
import { caseNames } from './load.ts';
import { camelCase } from './names.ts';
import { allTypes } from './walk.ts';

/**
 * The package as data, from which a host lifts and lowers values without knowing WIT: each type with its layout, each
 * function with the types of its parameters and its result.
 * @throws Error for a type that isn't passed as 32-bit integers alone
 */
export function emitSchema(wit: WitPackage): string {
  const types = allTypes(wit);
  const index = new Map(types.map((type, at) => [mangle(type), at]));
  const refer = (type: Type): number => index.get(mangle(type)) ?? -1;
  const nodes = types.map((type) => describeType(type, refer));
  const interfaces = [...wit.interfaces.values()]
    .filter((item) => item.functions.length > 0)
    .map((item) => {
      const functions = item.functions.map((fn) => [
        camelCase(fn.name),
        {
          name: fn.name,
          params: fn.params.map((param) => ({ name: camelCase(param.name), type: refer(param.type) })),
          ...(fn.result && { result: refer(fn.result) }),
        },
      ]);
      return [item.name, { id: interfaceId(wit, item.name), functions: Object.fromEntries(functions) }];
    });
  const schema = { package: wit.id, types: nodes, interfaces: Object.fromEntries(interfaces) };
  return [
    `/** Generated from wit/ (${wit.id}) by scripts/generate-contract.ts. */`,
    "import type { ContractSchema } from './schema-types.ts';\n",
    `export const SCHEMA: ContractSchema = ${JSON.stringify(schema)};\n`,
  ].join('\n');
}

function describeType(type: Type, refer: (type: Type) => number): object {
  const flat = flatten(type);
  if (flat.some((core) => core !== 'i32'))
    throw new Error(`${mangle(type)} isn't made of 32-bit integers alone`);
  const common = { name: mangle(type), ...layoutOf(type), flat: flat.length };
  if (type.kind === 'list') {
    if (type.element.kind === 'u8') return { kind: 'bytes', ...common };
    return { kind: 'list', ...common, element: refer(type.element) };
  }
  if (type.kind === 'record') {
    const members = membersOf(type);
    const { offsets } = fieldOffsets(members);
    const fields = members.map((member, at) => ({
      name: camelCase(member.name),
      type: refer(member.type),
      offset: offsets[at],
    }));
    return { kind: 'record', ...common, fields };
  }
  const cases = payloads(type);
  if (cases === undefined) return { kind: type.kind, ...common };
  return {
    kind: type.kind,
    ...common,
    discriminant: discriminantSize(cases.length),
    offset: payloadOffset(cases),
    cases: cases.map((payload, at) => ({
      name: type.kind === 'option' ? ['none', 'some'][at] : caseNames(type)[at],
      ...(payload && { type: refer(payload) }),
    })),
  };
}
