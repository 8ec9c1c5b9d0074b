import type { DriverName } from './failure.ts';
import { Lifter } from './lift.ts';
import { Lowerer } from './lower.ts';
import type { GuestMemory, StringEncoding } from './memory.ts';
import { type ContractSchema, type FunctionSchema, type InterfaceSchema, typeAt } from './schema-types.ts';
import { type WasmMemory, type WasmModule, wasm } from './webassembly.ts';

/** The canonical ABI passes more integers than these as one address. */
const MAX_FLAT_PARAMS = 16;

type CoreFunction = (...args: number[]) => number;

/** What the host gives: the functions of `wherry:driver/host`, in jco's representation. */
export type HostFunctions = Readonly<Record<string, (...args: never[]) => unknown>>;

/** One instance of a driver's core module. It is of no use any more once a call of it failed. */
export class DriverInstance {
  readonly #schema: ContractSchema;
  readonly #driver: DriverName;
  readonly #exports: Readonly<Record<string, unknown>>;
  readonly #guest: GuestMemory;

  /** @throws whatever the module's start function throws */
  constructor(
    module: WasmModule,
    driver: DriverName,
    schema: ContractSchema,
    host: HostFunctions,
    encoding: StringEncoding = 'utf16',
  ) {
    this.#schema = schema;
    this.#driver = driver;
    const imports = hostImports(schema, host, () => this.#guest);
    this.#exports = new wasm.Instance(module, imports).exports;
    const allocate = this.#exports.cabi_realloc as (
      old: number,
      size: number,
      align: number,
      next: number,
    ) => number;
    this.#guest = {
      memory: this.#exports.memory as WasmMemory,
      encoding,
      allocate: (size, align) => allocate(0, 0, align, size) >>> 0,
    };
    // What runs constructors, in modules of C++, Go and others.
    (this.#exports._initialize as (() => void) | undefined)?.();
  }

  /**
   * Calls a function of the driver's interface.
   * @returns the value, where a result is `{ tag, val }`
   * @throws ReplyError, and whatever a trap throws
   */
  call(fn: FunctionSchema, args: readonly unknown[]): unknown {
    const name = `${this.#schema.interfaces[this.#driver.kind].id}#${fn.name}`;
    const target = this.#exports[name] as CoreFunction;
    const post = this.#exports[`cabi_post_${name}`] as CoreFunction | undefined;
    const returned = target(...this.#lower(fn, args));
    const value = this.#lift(fn, returned);
    post?.(returned);
    return value;
  }

  #lower(fn: FunctionSchema, args: readonly unknown[]): number[] {
    const lowerer = new Lowerer(this.#schema, this.#guest);
    const nodes = fn.params.map((param) => typeAt(this.#schema, param.type));
    const flat = nodes.reduce((sum, node) => sum + node.flat, 0);
    if (flat <= MAX_FLAT_PARAMS)
      return fn.params.flatMap((param, index) => lowerer.flatten(param.type, args[index]));
    const offsets: number[] = [];
    let end = 0;
    for (const node of nodes) {
      offsets.push(Math.ceil(end / node.align) * node.align);
      end = (offsets.at(-1) ?? 0) + node.size;
    }
    const address = this.#guest.allocate(end, Math.max(...nodes.map((node) => node.align)));
    for (const [index, param] of fn.params.entries()) {
      lowerer.store(param.type, args[index], address + (offsets[index] ?? 0));
    }
    return [address];
  }

  #lift(fn: FunctionSchema, returned: number): unknown {
    if (fn.result === undefined) return undefined;
    const node = typeAt(this.#schema, fn.result);
    const lifter = new Lifter(this.#schema, this.#guest, fn.name);
    return node.flat > 1 ? lifter.load(fn.result, returned >>> 0) : lifter.scalar(node, returned);
  }
}

/** The imports as the core module calls them: integers in, integers or a written return area out. */
function hostImports(
  schema: ContractSchema,
  host: HostFunctions,
  guest: () => GuestMemory,
): Record<string, Record<string, (...args: number[]) => number | undefined>> {
  const { id, functions }: InterfaceSchema = schema.interfaces.host;
  const imports: Record<string, (...args: number[]) => number | undefined> = {};
  for (const [name, fn] of Object.entries(functions)) {
    imports[fn.name] = (...flat) => {
      const lifter = new Lifter(schema, guest(), `the argument of ${fn.name}`);
      let at = 0;
      const args = fn.params.map((param) => {
        const node = typeAt(schema, param.type);
        const start = at;
        at += node.flat;
        return node.flat === 2
          ? lifter.pair(param.type, (flat[start] ?? 0) >>> 0, (flat[start + 1] ?? 0) >>> 0)
          : lifter.scalar(node, flat[start] ?? 0);
      });
      const call = host[name] as ((...args: unknown[]) => unknown) | undefined;
      if (call === undefined) throw new Error(`the host has no function ${name}`);
      const value = call(...args);
      if (fn.result === undefined) return undefined;
      const lowerer = new Lowerer(schema, guest());
      if (typeAt(schema, fn.result).flat === 1) return lowerer.flatten(fn.result, value)[0];
      lowerer.store(fn.result, value, (flat[at] ?? 0) >>> 0);
      return undefined;
    };
  }
  return { [id]: imports };
}
