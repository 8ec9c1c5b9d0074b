import type { WasmMemory } from './webassembly.ts';

/** As the component's canonical options have it. */
export type StringEncoding = 'utf8' | 'utf16';

/** The parts of an instance by which values get in and out: the canonical ABI's linear memory and its allocator. */
export interface GuestMemory {
  readonly memory: WasmMemory;
  readonly encoding: StringEncoding;
  /** `cabi_realloc` for a new block: answers with its address. */
  allocate(size: number, align: number): number;
}

/** A driver answered with something that its own contract rules out. */
export class ReplyError extends Error {
  override readonly name = 'ReplyError';
}
