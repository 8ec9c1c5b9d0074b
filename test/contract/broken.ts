import { parse } from '@bytecodealliance/jco-transpile/wasm-tools';
import type { DriverKind } from '../../core/src/plugin/contract.ts';
import type { DriverPackage } from '../../core/src/plugin/package.ts';
import { SCHEMA } from '../../core/src/plugin/schema.ts';
import { typeAt } from '../../core/src/plugin/schema-types.ts';

/** How a log driver is broken, in WebAssembly text. */
export interface Fault {
  readonly name: string;
  /** Instructions of a function instead of the harmless ones, by its name in WIT. */
  readonly bodies?: Readonly<Record<string, string>>;
  /** Functions that it lacks. */
  readonly without?: readonly string[];
  /** Module fields in front, imports above all. */
  readonly fields?: string;
  /** What its exports are named after, instead of its own interface. */
  readonly interfaceId?: string;
  /** Pages of memory that it starts with. */
  readonly pages?: number;
  readonly kind?: DriverKind;
}

/**
 * A log driver in WebAssembly text: every function answers with zeroed memory, which reads as an empty, valid reply, but for
 * what is broken on purpose.
 */
export async function brokenDriver(fault: Fault): Promise<DriverPackage> {
  const { id, functions } = SCHEMA.interfaces.log;
  const exported = Object.values(functions)
    .filter((fn) => fault.without?.includes(fn.name) !== true)
    .map((fn) => {
      const flat = fn.params.reduce((sum, param) => sum + typeAt(SCHEMA, param.type).flat, 0);
      const params = Array.from({ length: flat > 16 ? 1 : flat }, () => 'i32').join(' ');
      const body = fault.bodies?.[fn.name] ?? 'i32.const 1024';
      return `(func (export "${fault.interfaceId ?? id}#${fn.name}") (param ${params}) (result i32) ${body})`;
    });
  const text = `(module ${fault.fields ?? ''}
    (memory (export "memory") ${fault.pages ?? 2})
    (global $top (mut i32) (i32.const 65536))
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
      global.get $top
      (global.set $top (i32.and (i32.add (i32.add (global.get $top) (local.get 3)) (i32.const 15)) (i32.const -16))))
    ${exported.join('\n')})`;
  const core = await parse(text);
  const info = {
    name: fault.name,
    kind: fault.kind ?? 'log',
    version: '0.1.0',
    summary: 'Broken on purpose.',
    permissions: [],
    options: [],
  } as const;
  return { manifest: { info, contract: SCHEMA.package, memoryPages: 64 }, core: () => core };
}

/** Instructions that write 32-bit integers from address 1024 on and answer with that address. */
export function answering(...words: readonly number[]): string {
  const stores = words.map(
    (word, index) => `(i32.store (i32.const ${1024 + 4 * index}) (i32.const ${word | 0}))`,
  );
  return `${stores.join(' ')} i32.const 1024`;
}
