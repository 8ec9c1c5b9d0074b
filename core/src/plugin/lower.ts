import type { GuestMemory } from './memory.ts';
import { type CasesNode, type ContractSchema, type TypeNode, typeAt } from './schema-types.ts';

/** Code units. */
const SHORT = 200;

/** Writes values of the contract, in jco's representation, to a driver's memory (component model, "Canonical ABI"). */
export class Lowerer {
  readonly #schema: ContractSchema;
  readonly #guest: GuestMemory;
  #cached: DataView | undefined;

  constructor(schema: ContractSchema, guest: GuestMemory) {
    this.#schema = schema;
    this.#guest = guest;
  }

  /** @throws TypeError when the value isn't of the type, which is a defect of the caller */
  store(type: number, value: unknown, address: number): void {
    const node = typeAt(this.#schema, type);
    switch (node.kind) {
      case 'string':
      case 'bytes':
      case 'list': {
        const [block, length] = this.#block(node, value);
        this.#view.setUint32(address, block, true);
        this.#view.setUint32(address + 4, length, true);
        return;
      }
      case 'record': {
        const record = expectRecord(node, value);
        for (const field of node.fields) this.store(field.type, record[field.name], address + field.offset);
        return;
      }
      case 'variant':
      case 'enum':
      case 'option':
      case 'result': {
        const { index, type: payload, value: inner } = chooseCase(node, value);
        if (node.discriminant === 1) this.#view.setUint8(address, index);
        else this.#view.setUint16(address, index, true);
        if (payload !== undefined) this.store(payload, inner, address + node.offset);
        return;
      }
      default:
        this.#storeScalar(node, scalarOf(node, value), address);
    }
  }

  /** The integers that the value is passed as when it isn't passed in memory. */
  flatten(type: number, value: unknown): number[] {
    const node = typeAt(this.#schema, type);
    switch (node.kind) {
      case 'string':
      case 'bytes':
      case 'list':
        return this.#block(node, value);
      case 'record': {
        const record = expectRecord(node, value);
        return node.fields.flatMap((field) => this.flatten(field.type, record[field.name]));
      }
      case 'variant':
      case 'enum':
      case 'option':
      case 'result': {
        const { index, type: payload, value: inner } = chooseCase(node, value);
        const flat = payload === undefined ? [] : this.flatten(payload, inner);
        return [index, ...flat, ...Array.from({ length: node.flat - 1 - flat.length }, () => 0)];
      }
      default:
        return [scalarOf(node, value)];
    }
  }

  /** An allocation may replace the memory's buffer, so no view outlives it. */
  get #view(): DataView {
    const { buffer } = this.#guest.memory;
    if (this.#cached?.buffer !== buffer) this.#cached = new DataView(buffer);
    return this.#cached;
  }

  #block(node: TypeNode, value: unknown): [address: number, length: number] {
    if (node.kind === 'string') {
      if (typeof value !== 'string') throw mismatch(node, value);
      if (this.#guest.encoding === 'utf8') return this.#utf8(value);
      const address = this.#guest.allocate(value.length * 2, 2);
      this.#write(value, address);
      return [address, value.length];
    }
    if (node.kind === 'bytes') {
      if (!(value instanceof Uint8Array)) throw mismatch(node, value);
      const address = this.#guest.allocate(value.length, 1);
      new Uint8Array(this.#guest.memory.buffer).set(value, address);
      return [address, value.length];
    }
    if (node.kind !== 'list' || !Array.isArray(value)) throw mismatch(node, value);
    const { size, align } = typeAt(this.#schema, node.element);
    const address = this.#guest.allocate(size * value.length, align);
    for (const [index, item] of value.entries()) this.store(node.element, item, address + index * size);
    return [address, value.length];
  }

  #utf8(text: string): [address: number, length: number] {
    const bytes = Buffer.from(text);
    const address = this.#guest.allocate(bytes.length, 1);
    new Uint8Array(this.#guest.memory.buffer).set(bytes, address);
    return [address, bytes.length];
  }

  /** Most texts are short, and for these a loop costs less than a Buffer. */
  #write(text: string, address: number): void {
    if (text.length > SHORT) {
      Buffer.from(this.#guest.memory.buffer).write(text, address, 'utf16le');
      return;
    }
    const view = this.#view;
    for (let index = 0; index < text.length; index += 1) {
      view.setUint16(address + 2 * index, text.charCodeAt(index), true);
    }
  }

  #storeScalar(node: TypeNode, value: number, address: number): void {
    if (node.size === 1) this.#view.setUint8(address, value);
    else if (node.size === 2) this.#view.setUint16(address, value, true);
    else this.#view.setUint32(address, value, true);
  }
}

function mismatch(node: TypeNode, value: unknown): TypeError {
  return new TypeError(`${typeof value} where the driver contract wants ${node.name}`);
}

function expectRecord(node: TypeNode, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw mismatch(node, value);
  return value as Readonly<Record<string, unknown>>;
}

function scalarOf(node: TypeNode, value: unknown): number {
  if (node.kind === 'bool' && typeof value === 'boolean') return value ? 1 : 0;
  if (node.kind === 'char' && typeof value === 'string') return value.codePointAt(0) ?? 0;
  if (typeof value !== 'number' || !Number.isInteger(value)) throw mismatch(node, value);
  return value;
}

function chooseCase(
  node: CasesNode,
  value: unknown,
): { index: number; type: number | undefined; value: unknown } {
  if (node.kind === 'option') {
    const present = value !== undefined;
    return { index: present ? 1 : 0, type: present ? node.cases[1]?.type : undefined, value };
  }
  const tag = node.kind === 'enum' ? value : (value as { tag?: unknown } | null)?.tag;
  const index = node.cases.findIndex((item) => item.name === tag);
  if (index < 0) throw mismatch(node, value);
  return { index, type: node.cases[index]?.type, value: (value as { val?: unknown }).val };
}
