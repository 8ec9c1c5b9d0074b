/** Whole parts of the square and cube roots' fractions are computed, as FIPS 180-4 defines them, rather than listed. */
function fractions(count: number, root: number): Uint32Array {
  const words = new Uint32Array(count);
  for (let candidate = 2, found = 0; found < count; candidate += 1) {
    if (!isPrime(candidate)) continue;
    const power = candidate ** (1 / root);
    words[found] = (power - Math.floor(power)) * 2 ** 32;
    found += 1;
  }
  return words;
}

function isPrime(candidate: number): boolean {
  for (let divisor = 2; divisor * divisor <= candidate; divisor += 1)
    if (candidate % divisor === 0) return false;
  return true;
}

const rotate = (word: number, bits: number): number => (word >>> bits) | (word << (32 - bits));

/**
 * SHA-256 (FIPS 180-4) of a short text, in hexadecimal digits. For names alone: content is hashed by Node's `crypto`, which
 * is quicker by far but takes milliseconds to load.
 */
export function sha256OfText(text: string): string {
  const state = fractions(8, 2);
  const constants = fractions(64, 3);
  const schedule = new Uint32Array(64);
  const data = padded(Buffer.from(text));
  for (let offset = 0; offset < data.length; offset += 64) compress(state, constants, schedule, data, offset);
  return [...state].map((word) => word.toString(16).padStart(8, '0')).join('');
}

function padded(text: Buffer): Buffer {
  const data = Buffer.alloc(Math.ceil((text.length + 9) / 64) * 64);
  text.copy(data);
  data[text.length] = 0x80;
  data.writeUInt32BE(Math.floor(text.length / 2 ** 29), data.length - 8);
  data.writeUInt32BE((text.length * 8) >>> 0, data.length - 4);
  return data;
}

function compress(
  state: Uint32Array,
  constants: Uint32Array,
  schedule: Uint32Array,
  data: Buffer,
  offset: number,
): void {
  const at = (words: Uint32Array, index: number): number => words[index] ?? 0;
  for (let index = 0; index < 16; index += 1) schedule[index] = data.readUInt32BE(offset + index * 4);
  for (let index = 16; index < 64; index += 1) {
    const early = at(schedule, index - 15);
    const late = at(schedule, index - 2);
    const s0 = rotate(early, 7) ^ rotate(early, 18) ^ (early >>> 3);
    const s1 = rotate(late, 17) ^ rotate(late, 19) ^ (late >>> 10);
    schedule[index] = at(schedule, index - 16) + s0 + at(schedule, index - 7) + s1;
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
  for (let index = 0; index < 64; index += 1) {
    const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const choice = (e & f) ^ (~e & g);
    const first = (h + s1 + choice + at(constants, index) + at(schedule, index)) | 0;
    const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const majority = (a & b) ^ (a & c) ^ (b & c);
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + s0 + majority) | 0];
  }
  for (const [index, word] of [a, b, c, d, e, f, g, h].entries()) state[index] = at(state, index) + word;
}
