import { randomBytes } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { GzipWriter } from '../../src/layer/gzip-writer.ts';
import { isHole, zeros } from '../../src/layer/zeros.ts';

const MIB = 1 << 20;

async function gzip(pieces: Iterable<Uint8Array>): Promise<Buffer> {
  const found: Buffer[] = [];
  const writer = new GzipWriter((bytes) => found.push(Buffer.from(bytes)));
  for (const piece of pieces) await writer.write(piece);
  await writer.end();
  return Buffer.concat(found);
}

const text = Buffer.from('words and words '.repeat(20_000));

it.each<[string, Buffer[]]>([
  ['nothing', []],
  ['text', [text]],
  ['what can’t be compressed', [randomBytes(3 * MIB)]],
  ['a long hole between', [text, ...zeros(20 * MIB + 12_345), text]],
  ['a hole at the beginning', [...zeros(9 * MIB), text]],
  ['a hole at the end', [text, ...zeros(9 * MIB + 1)]],
  ['short holes', [text, ...zeros(100_000), text, ...zeros(4 * MIB - 1), text]],
  ['zeros that are no hole', [Buffer.alloc(10), text, Buffer.alloc(4095), text]],
  ['one hole after the other', [...zeros(5 * MIB), text, ...zeros(5 * MIB), ...zeros(5 * MIB)]],
])('packs %s', async (_, pieces) => {
  expect(gunzipSync(await gzip(pieces)).equals(Buffer.concat(pieces))).toBe(true);
});

it('a gibibyte of zeros is about a mebibyte', async () => {
  expect((await gzip(zeros(2 ** 30))).length).toBeLessThan(1.2 * MIB);
});

it('what the sink throws is thrown', async () => {
  const writer = new GzipWriter((bytes) => {
    if (bytes.length > 100) throw new Error('full');
  });
  const fill = async () => {
    for (let i = 0; i < 100; i += 1) await writer.write(randomBytes(MIB));
  };
  await expect(fill()).rejects.toThrow('full');
  writer.destroy();
});

it.each<[Buffer, boolean]>([
  [Buffer.alloc(4096), true],
  [Buffer.alloc(3 * MIB + 5), true],
  [Buffer.alloc(4095), false],
  [Buffer.alloc(8192).fill(1, 100, 101), false],
  [Buffer.alloc(3 * MIB).fill(1, 2 * MIB + 7, 2 * MIB + 8), false],
  [Buffer.alloc(8192).fill(1, 8191), false],
])('knows what can be a hole', (bytes, expected) => {
  expect(isHole(bytes)).toBe(expected);
});
