import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { BlobStore } from '../../src/blob/blob-store.ts';
import { isDigest, sha256 } from '../../src/blob/digest.ts';
import { Temporary } from '../../src/store/temporary.ts';

const directory = mkdtempSync(join(tmpdir(), 'wherry-blobs-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
let store: BlobStore;
let temporary: string;
let count = 0;
beforeEach(() => {
  count += 1;
  const root = join(directory, String(count));
  temporary = join(root, 'tmp');
  mkdirSync(temporary, { recursive: true });
  store = new BlobStore(join(root, 'images'), new Temporary(temporary));
});

const unfinished = () => readdirSync(temporary).flatMap((name) => readdirSync(join(temporary, name)));

async function* pieces(data: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < data.length; at += size) yield data.subarray(at, at + size);
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe('receiving', () => {
  it.each([0, 1, 1000, 20_000_003])('%i bytes, passed on while they are kept', async (size) => {
    const data = randomBytes(size);
    const descriptor = { digest: sha256(data), size };
    expect(store.has(descriptor)).toBe(false);
    expect((await collect(store.receive(descriptor, pieces(data, 65_536)))).equals(data)).toBe(true);
    expect(store.has(descriptor)).toBe(true);
    expect(readFileSync(store.path(descriptor.digest)).equals(data)).toBe(true);
    expect((await collect(store.read(descriptor.digest))).equals(data)).toBe(true);
    expect(store.list()).toEqual([descriptor.digest]);
    expect(unfinished()).toEqual([]);
  });

  it('sha512 as well', async () => {
    const digest = `sha512:${createHash('sha512').update('x').digest('hex')}`;
    await store.write(digest, Buffer.from('x'));
    expect(store.readText(digest)).toBe('x');
  });

  it('another digest: nothing is kept', async () => {
    const descriptor = { digest: sha256('expected'), size: 5 };
    await expect(collect(store.receive(descriptor, [Buffer.from('other')]))).rejects.toMatchObject({
      code: 'E_DIGEST_MISMATCH',
      message: expect.stringContaining(sha256('other')),
    });
    expect(existsSync(store.path(descriptor.digest))).toBe(false);
    expect(unfinished()).toEqual([]);
  });

  it('a source that fails, and a reader that stops: nothing is kept', async () => {
    const data = randomBytes(3_000_000);
    const descriptor = { digest: sha256(data), size: data.length };
    const failing = async function* () {
      yield data.subarray(0, 1_000_000);
      throw new Error('cut');
    };
    await expect(collect(store.receive(descriptor, failing()))).rejects.toThrow('cut');
    for await (const _ of store.receive(descriptor, pieces(data, 65_536))) break;
    expect(store.has(descriptor)).toBe(false);
    expect(unfinished()).toEqual([]);
  });
});

it.each([
  [`sha256:${'a'.repeat(64)}`, true],
  [`sha512:${'0'.repeat(128)}`, true],
  [`sha256:${'A'.repeat(64)}`, false],
  [`sha256:${'a'.repeat(63)}`, false],
  [`sha512:${'a'.repeat(64)}`, false],
  [`md5:${'a'.repeat(32)}`, false],
  ['constructor:', false],
  [`sha256:${'a'.repeat(64)}:x`, false],
  ['', false],
])('%s is a digest: %s', (text, expected) => {
  expect(isDigest(text)).toBe(expected);
});
