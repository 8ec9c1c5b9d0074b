import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { BlobStore, withWholeBlob } from '../../src/blob/blob-store.ts';
import { isDigest, sha256 } from '../../src/blob/digest.ts';
import { Temporary } from '../../src/store/temporary.ts';

const directory = mkdtempSync(join(tmpdir(), 'wherry-blobs-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
let store: BlobStore;
let temporary: string;
let partial: string;
let count = 0;
beforeEach(() => {
  count += 1;
  const root = join(directory, String(count));
  temporary = join(root, 'tmp');
  partial = join(root, 'partial');
  mkdirSync(temporary, { recursive: true });
  store = new BlobStore(join(root, 'images'), new Temporary(temporary), partial);
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

describe('fetching', () => {
  const data = randomBytes(5_000_000);
  const descriptor = { digest: sha256(data), size: data.length };
  const name = descriptor.digest.replace(':', '-');
  const left = () => readdirSync(partial);
  /** Serves the blob up to a point, and records from where it was asked for. */
  const server = (until = data.length) => {
    const offsets: number[] = [];
    const open = async function* (offset: number) {
      offsets.push(offset);
      yield* pieces(data.subarray(offset, until), 65_536);
      if (until < data.length) throw new Error('cut');
    };
    return { offsets, open };
  };
  const wanted = async (open: (offset: number) => AsyncIterable<Buffer>) =>
    withWholeBlob(() => collect(store.fetch(descriptor, open)));

  it('goes on where an earlier attempt was cut', async () => {
    await expect(wanted(server(3_000_000).open)).rejects.toThrow('cut');
    expect(store.has(descriptor)).toBe(false);
    expect(left()).toEqual([name]);
    const { offsets, open } = server();
    expect((await wanted(open)).equals(data)).toBe(true);
    expect(offsets).toEqual([3_000_000]);
    expect(readFileSync(store.path(descriptor.digest)).equals(data)).toBe(true);
    expect(left()).toEqual([]);
  });

  it('goes on where a killed process was, and leaves alone what a living one writes', async () => {
    mkdirSync(partial, { recursive: true });
    writeFileSync(join(partial, `${name}.1.0.another-boot.00000000`), data.subarray(0, 2_000_000));
    const writing = store.partials.take({ ...descriptor, size: 0 });
    writeFileSync(writing.path, data.subarray(0, 4_000_000));
    const { offsets, open } = server();
    expect((await wanted(open)).equals(data)).toBe(true);
    expect(offsets).toEqual([2_000_000]);
    expect(store.partials.collect({ all: true })).toBe(0);
    expect(existsSync(writing.path)).toBe(true);
  });

  it.each([
    ['has other bytes', Buffer.alloc(3_000_000)],
    ['is as long as the blob and something else', Buffer.alloc(data.length)],
  ])('begins anew when what was left %s', async (_, bytes) => {
    mkdirSync(partial, { recursive: true });
    writeFileSync(join(partial, name), bytes);
    const { offsets, open } = server();
    expect((await wanted(open)).equals(data)).toBe(true);
    expect(offsets).toEqual([bytes.length, 0]);
    expect(left()).toEqual([]);
  });

  it('takes no more than a blob’s length for its beginning, and keeps nothing that is short', async () => {
    mkdirSync(partial, { recursive: true });
    writeFileSync(join(partial, name), Buffer.alloc(data.length + 1));
    const { offsets, open } = server(500_000);
    await expect(wanted(open)).rejects.toThrow('cut');
    expect(offsets).toEqual([0]);
    expect(left()).toEqual([name]);
  });

  it('keeps nothing of a blob whose digest is wrong', async () => {
    const other = { digest: sha256('other'), size: data.length };
    await expect(collect(store.fetch(other, server().open))).rejects.toMatchObject({
      code: 'E_DIGEST_MISMATCH',
    });
    expect(left()).toEqual([]);
  });

  it('leaves what is removed when it is old, or all is', async () => {
    const stop = async () => {
      for await (const _ of store.fetch(descriptor, server(3_000_000).open));
    };
    await expect(stop()).rejects.toThrow('cut');
    const now = Date.now();
    expect(store.partials.collect({ now: now + 23 * 3_600_000 })).toBe(0);
    expect(store.partials.collect({ now: now + 25 * 3_600_000 })).toBe(3_000_000);
    await expect(stop()).rejects.toThrow('cut');
    expect(store.partials.collect({ all: true })).toBe(3_000_000);
    expect(left()).toEqual([]);
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
