/** Bytes of a WebAssembly page. */
export const PAGE = 65536;

const MEMORY_SECTION = 5;
/** Pages that a 32-bit memory without a maximum may grow to. */
const UNLIMITED = 65536;

/** A module whose memory can't be capped. */
export class MemoryCapError extends Error {
  override readonly name = 'MemoryCapError';
}

/**
 * Rewrites the memory section of a core module (core specification 5.5.8) so that no memory grows past `pages`.
 * @throws MemoryCapError when a memory starts larger than that, is shared, or is addressed by 64 bits
 */
export function capMemory(bytes: Uint8Array, pages: number): Uint8Array {
  let at = 8;
  while (at < bytes.length) {
    const id = bytes[at];
    const size = readLeb(bytes, at + 1);
    const end = size.next + size.value;
    if (id === MEMORY_SECTION) {
      const body = cappedMemories(bytes, size.next, pages);
      const header = [MEMORY_SECTION, ...leb(body.length)];
      return Buffer.concat([
        bytes.subarray(0, at),
        Uint8Array.from([...header, ...body]),
        bytes.subarray(end),
      ]);
    }
    at = end;
  }
  return bytes;
}

function cappedMemories(bytes: Uint8Array, start: number, pages: number): number[] {
  const count = readLeb(bytes, start);
  const body = leb(count.value);
  let at = count.next;
  for (let index = 0; index < count.value; index += 1) {
    const flags = bytes[at] ?? 0;
    if ((flags & ~1) !== 0) throw new MemoryCapError('its memory is shared or addressed by 64 bits');
    const minimum = readLeb(bytes, at + 1);
    const maximum =
      (flags & 1) === 1 ? readLeb(bytes, minimum.next) : { value: UNLIMITED, next: minimum.next };
    if (minimum.value > pages) {
      throw new MemoryCapError(
        `it starts with ${minimum.value * PAGE} bytes of memory, and ${pages * PAGE} are allowed`,
      );
    }
    body.push(1, ...leb(minimum.value), ...leb(Math.min(maximum.value, pages)));
    at = maximum.next;
  }
  return body;
}

function readLeb(bytes: Uint8Array, start: number): { readonly value: number; readonly next: number } {
  let value = 0;
  for (let index = 0; index < 5; index += 1) {
    const byte = bytes[start + index] ?? 0;
    value += (byte & 127) * 2 ** (7 * index);
    if (byte < 128) return { value, next: start + index + 1 };
  }
  throw new MemoryCapError('it is no WebAssembly module');
}

function leb(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  while (rest >= 128) {
    out.push((rest & 127) | 128);
    rest >>>= 7;
  }
  return [...out, rest];
}
