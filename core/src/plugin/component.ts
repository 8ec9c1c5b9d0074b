import type { DriverKind } from './contract.ts';
import type { StringEncoding } from './memory.ts';
import { SCHEMA } from './schema.ts';
import { type WasmModule, wasm } from './webassembly.ts';

/** What of a component Wherry runs. */
export interface DriverCore {
  readonly core: Uint8Array;
  /** What it exports, whatever it says of itself. */
  readonly kind: DriverKind;
  readonly encoding: StringEncoding;
}

/** A file that isn't a component that a driver could be; the message is the end of a sentence. */
export class ComponentError extends Error {
  override readonly name = 'ComponentError';
}

/** Section ids of a component (component model, "Binary Format"). */
const CORE_MODULE = 1;
const CANON = 8;

/**
 * The driver's own core module, and the encoding of its strings. What wit-component adds to a component, modules that tie
 * imports to the memory, is the host's business here: it calls the core module itself. A component that is linked of modules
 * which need each other for more than that can't be taken apart so.
 * @throws ComponentError
 */
export function driverCore(bytes: Uint8Array): DriverCore {
  if (Buffer.from(bytes.subarray(0, 4)).toString('latin1') !== '\0asm')
    throw new ComponentError('it is no WebAssembly');
  if (bytes[6] !== 1) throw new ComponentError('it is a core module, and no component');
  const sections = readSections(bytes);
  const modules = sections.filter(({ id }) => id === CORE_MODULE).map(({ body }) => body);
  for (const core of modules) {
    const module = compiled(core);
    const kind = kindOf(module);
    if (kind === undefined) continue;
    refuseLinked(module, modules.length);
    return { core, kind, encoding: encodingOf(sections) };
  }
  throw new ComponentError(`it exports no interface of ${SCHEMA.package}`);
}

interface Section {
  readonly id: number;
  readonly body: Uint8Array;
}

function readSections(bytes: Uint8Array): Section[] {
  const sections: Section[] = [];
  const reader = new Reader(bytes, 8);
  while (!reader.ended) {
    const id = reader.byte();
    sections.push({ id, body: reader.take(reader.number()) });
  }
  return sections;
}

function compiled(core: Uint8Array): WasmModule {
  try {
    return new wasm.Module(core);
  } catch {
    throw new ComponentError('it holds no valid core module');
  }
}

/** By the name before the version, so that one of another version is told so later. */
function kindOf(module: WasmModule): DriverKind | undefined {
  const names = wasm.Module.exports(module).map(({ name }) => name);
  return (['storage', 'network', 'log'] as const).find((kind) => {
    const [interfaceName] = SCHEMA.interfaces[kind].id.split('@');
    return names.some((name) => name.startsWith(`${interfaceName}@`));
  });
}

/** Imports of interfaces are judged by `checkInterface`; others are of modules beside it. */
function refuseLinked(module: WasmModule, count: number): void {
  const foreign = wasm.Module.imports(module).find((item) => !/[:_]/.test(item.module));
  if (foreign === undefined) return;
  throw new ComponentError(
    `it is linked of ${count} core modules (the driver's own takes ${foreign.name} from ${foreign.module}), and components of one are what can be loaded yet`,
  );
}

/**
 * The encoding that functions of the canon section are lifted with: UTF-8 where none is named.
 * @throws ComponentError for one that isn't the same everywhere, or is latin1+utf16
 */
function encodingOf(sections: readonly Section[]): StringEncoding {
  const found = new Set<number>();
  for (const { id, body } of sections) {
    if (id !== CANON) continue;
    const reader = new Reader(body);
    for (let left = reader.number(); left > 0; left -= 1) {
      const opcode = reader.byte();
      // canon lift and lower; resources have no place in the contract, and what else there is comes with asynchrony.
      if (opcode > 1) throw new ComponentError('it uses resources or asynchronous calls');
      reader.byte();
      reader.number();
      const encoding = readOptions(reader);
      if (encoding !== undefined) found.add(encoding);
      if (opcode === 0) reader.number();
    }
  }
  if (found.size > 1 || found.has(2)) throw new ComponentError('its strings are neither UTF-8 nor UTF-16');
  return found.has(1) ? 'utf16' : 'utf8';
}

/** @returns the string encoding: 0 for UTF-8, 1 for UTF-16, 2 for latin1+utf16; undefined for a function without strings */
function readOptions(reader: Reader): number | undefined {
  let encoding: number | undefined;
  for (let left = reader.number(); left > 0; left -= 1) {
    const option = reader.byte();
    if (option <= 2) encoding = option;
    // memory, realloc and post-return, each with an index.
    else if (option <= 5) reader.number();
    else throw new ComponentError('it uses asynchronous calls');
  }
  return encoding;
}

class Reader {
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get ended(): boolean {
    return this.#at >= this.#bytes.length;
  }

  byte(): number {
    const value = this.#bytes[this.#at];
    if (value === undefined) throw new ComponentError('it ends early');
    this.#at += 1;
    return value;
  }

  /** Unsigned LEB128 of 32 bits. */
  number(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
    throw new ComponentError('it has a number that is too long');
  }

  take(size: number): Uint8Array {
    const start = this.#at;
    if (start + size > this.#bytes.length) throw new ComponentError('it ends early');
    this.#at += size;
    return this.#bytes.subarray(start, this.#at);
  }
}
