import { isUtf8 } from 'node:buffer';
import { type GuestMemory, ReplyError } from './memory.ts';
import { type CasesNode, type ContractSchema, type TypeNode, typeAt } from './schema-types.ts';

/** Values in one reply; a list that names the same memory again and again would else grow without end. */
const MAX_VALUES = 200_000;
/** UTF-16 code units and bytes in one reply. */
const MAX_TEXT = 16 * 1024 * 1024;

/**
 * Reads values of the contract out of a driver's memory (component model, "Canonical ABI", Loading) in jco's
 * representation. Nothing of it is trusted: an address outside the memory, a case that doesn't exist, a string that is no
 * well-formed text and a reply without end are refused with a ReplyError, which names the place within the value.
 */
export class Lifter {
  readonly #schema: ContractSchema;
  readonly #view: DataView;
  readonly #encoding: GuestMemory['encoding'];
  readonly #place: (string | number)[];
  #values = 0;
  #text = 0;

  /** @param name what is read, for errors */
  constructor(schema: ContractSchema, guest: Pick<GuestMemory, 'memory' | 'encoding'>, name: string) {
    this.#schema = schema;
    this.#view = new DataView(guest.memory.buffer);
    this.#encoding = guest.encoding;
    this.#place = [name];
  }

  /** @throws ReplyError */
  load(type: number, address: number): unknown {
    const node = typeAt(this.#schema, type);
    this.#values += 1;
    if (this.#values > MAX_VALUES) throw new ReplyError(`has more than ${MAX_VALUES} values`);
    this.#require(address, node.size, node.align);
    switch (node.kind) {
      case 'string':
      case 'bytes':
      case 'list':
        return this.pair(type, this.#view.getUint32(address, true), this.#view.getUint32(address + 4, true));
      case 'record': {
        const record: Record<string, unknown> = {};
        for (const field of node.fields) {
          record[field.name] = this.#within(field.name, field.type, address + field.offset);
        }
        return record;
      }
      case 'variant':
      case 'enum':
      case 'option':
      case 'result':
        return this.#cases(node, address);
      default:
        return this.scalar(node, this.#scalarAt(node, address));
    }
  }

  /**
   * What an address and a length stand for, in the type's own units: a string, bytes or a list.
   * @throws ReplyError
   */
  pair(type: number, address: number, length: number): unknown {
    const node = typeAt(this.#schema, type);
    switch (node.kind) {
      case 'string':
        return this.#string(address, length);
      case 'bytes':
        this.#countText(length);
        this.#require(address, length, 1);
        return new Uint8Array(this.#view.buffer, address, length).slice();
      case 'list': {
        const { size, align } = typeAt(this.#schema, node.element);
        this.#require(address, size * length, align);
        const values: unknown[] = [];
        for (let index = 0; index < length; index += 1) {
          values.push(this.#within(index, node.element, address + index * size));
        }
        return values;
      }
      default:
        throw new Error(`${node.name} isn't passed as an address and a length`);
    }
  }

  /**
   * A value that was passed as one integer.
   * @throws ReplyError
   */
  scalar(node: TypeNode, value: number): unknown {
    if (node.kind === 'bool') return value !== 0;
    if (node.kind === 'char') {
      if (value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) this.#refuse('is no character');
      return String.fromCodePoint(value);
    }
    if (node.kind === 'enum') return this.#caseAt(node, value).name;
    return value;
  }

  #within(name: string | number, type: number, address: number): unknown {
    this.#place.push(name);
    const value = this.load(type, address);
    this.#place.pop();
    return value;
  }

  #cases(node: CasesNode, address: number): unknown {
    const discriminant =
      node.discriminant === 1 ? this.#view.getUint8(address) : this.#view.getUint16(address, true);
    const chosen = this.#caseAt(node, discriminant);
    if (node.kind === 'enum') return chosen.name;
    const payload =
      chosen.type === undefined ? undefined : this.#within(chosen.name, chosen.type, address + node.offset);
    if (node.kind === 'option') return payload;
    return chosen.type === undefined ? { tag: chosen.name } : { tag: chosen.name, val: payload };
  }

  #caseAt(node: CasesNode, discriminant: number): CasesNode['cases'][number] {
    const chosen = node.cases[discriminant];
    if (chosen !== undefined) return chosen;
    return this.#refuse(`is case ${discriminant} of ${node.name}, which has ${node.cases.length}`);
  }

  #scalarAt(node: TypeNode, address: number): number {
    switch (node.kind) {
      case 's8':
        return this.#view.getInt8(address);
      case 'u16':
        return this.#view.getUint16(address, true);
      case 's16':
        return this.#view.getInt16(address, true);
      case 'u32':
      case 'char':
        return this.#view.getUint32(address, true);
      case 's32':
        return this.#view.getInt32(address, true);
      default:
        return this.#view.getUint8(address);
    }
  }

  #string(address: number, length: number): string {
    if (length === 0) return '';
    this.#countText(length);
    if (this.#encoding === 'utf8') return this.#utf8(address, length);
    this.#require(address, length * 2, 2);
    const text = Buffer.from(this.#view.buffer, address, length * 2).toString('utf16le');
    if (!text.isWellFormed()) this.#refuse('is no well-formed text');
    return text;
  }

  #utf8(address: number, length: number): string {
    this.#require(address, length, 1);
    const bytes = Buffer.from(this.#view.buffer, address, length);
    if (!isUtf8(bytes)) this.#refuse('is no well-formed text');
    return bytes.toString('utf8');
  }

  #countText(length: number): void {
    this.#text += length;
    if (this.#text > MAX_TEXT) throw new ReplyError(`has more than ${MAX_TEXT} characters and bytes of text`);
  }

  #require(address: number, size: number, align: number): void {
    if (address % align !== 0 || address + size > this.#view.byteLength) {
      this.#refuse("lies outside the driver's memory");
    }
  }

  #refuse(what: string): never {
    throw new ReplyError(`${this.#place.join('.')} ${what}`);
  }
}
