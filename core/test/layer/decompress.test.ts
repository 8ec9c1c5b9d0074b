import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { decompress } from '../../src/layer/decompress.ts';

const limits = { maxSize: 1 << 30 };
const content = Buffer.from('a layer’s archive '.repeat(5000));

async function* pieces(blob: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < blob.length; at += size) yield blob.subarray(at, at + size);
}

async function whole(source: AsyncIterable<Uint8Array>, given: Parameters<typeof decompress>[2] = limits) {
  const found: Uint8Array[] = [];
  for await (const piece of decompress(source, 'layer x', given)) found.push(piece);
  return Buffer.concat(found);
}

it.each([
  ['gzip', gzipSync(content)],
  ['gzip in two members', Buffer.concat([gzipSync(content.subarray(0, 9)), gzipSync(content.subarray(9))])],
  ['zstd', zstdCompressSync(content)],
  [
    'zstd in frames',
    Buffer.concat([
      skippable(),
      zstdCompressSync(content.subarray(0, 9)),
      zstdCompressSync(content.subarray(9)),
    ]),
  ],
  ['nothing', content],
])('is undone for %s, whatever the pieces', async (_, blob) => {
  for (const size of [1, 1000, 1 << 20]) expect((await whole(pieces(blob, size))).equals(content)).toBe(true);
});

it.for(['xz', 'bzip2'] as const)('%s, by its program', async (program, context) => {
  const tar = randomBytes(300_000);
  const { status, stdout } = spawnSync(program, ['-c'], { input: tar });
  if (status !== 0) context.skip(`${program} is not installed`);
  const read = (blob: Buffer) => whole(pieces(blob, 50_000));
  expect((await read(stdout)).equals(tar)).toBe(true);
  await expect(read(stdout.subarray(0, 200_000))).rejects.toMatchObject({ code: 'E_LAYER_CORRUPT' });
  const path = process.env.PATH;
  process.env.PATH = '/nowhere';
  try {
    await expect(read(stdout)).rejects.toMatchObject({ code: 'E_DECOMPRESSOR' });
  } finally {
    process.env.PATH = path;
  }
});

it('takes nothing as nothing', async () => {
  expect(await whole(pieces(Buffer.alloc(0), 1))).toHaveLength(0);
});

it.each([gzipSync(content), zstdCompressSync(content)])(
  'says so when the stream ends early or is damaged',
  async (blob) => {
    await expect(whole(pieces(blob.subarray(0, blob.length - 20), 100))).rejects.toMatchObject({
      code: 'E_LAYER_CORRUPT',
      message: expect.stringMatching(/layer x ends early.*truncated/),
    });
    const damaged = Buffer.from(blob);
    damaged.fill(0x5a, damaged.length >> 2, damaged.length >> 1);
    await expect(whole(pieces(damaged, 100))).rejects.toMatchObject({ code: 'E_LAYER_CORRUPT' });
  },
);

it('stops at a bomb', async () => {
  const bomb = gzipSync(Buffer.alloc(64 << 20));
  await expect(whole(pieces(bomb, 1000), { maxSize: 1 << 20 })).rejects.toMatchObject({
    code: 'E_LAYER_TOO_LARGE',
  });
  await expect(whole(pieces(bomb, 1000), { maxSize: 1e12, maxRatio: 100 })).rejects.toMatchObject({
    code: 'E_LAYER_TOO_LARGE',
  });
});

it('passes on what its source throws', async () => {
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield gzipSync(content).subarray(0, 50);
    throw new Error('the connection was cut');
  }
  await expect(whole(failing())).rejects.toThrow('the connection was cut');
});

function skippable(): Buffer {
  return Buffer.from([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
}
