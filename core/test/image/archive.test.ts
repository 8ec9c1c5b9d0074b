import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { imageOf } from '../../../test/support/broken-images.ts';
import { FaultyRegistry } from '../../../test/support/faulty-registry.ts';
import { sha256 } from '../../../test/support/image-store.ts';
import { tar } from '../../../test/support/tar.ts';
import { TestImages } from './images.ts';

async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

/** In pieces of an odd size, as a pipe gives it. */
async function* stream(data: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < data.length; at += 777) yield data.subarray(at, at + 777);
}

async function saved(): Promise<{ archive: Buffer; id: string; digest: string; host: string }> {
  const image = imageOf([[{ name: 'a', body: 'a' }], [{ name: 'b', body: 'b' }]]);
  await using registry = await FaultyRegistry.start({ images: { a: image } });
  using test = new TestImages();
  const { id, digest } = await test.images.pull({ reference: `${registry.host}/a` });
  await test.images.tag(id, 'mine:1');
  const archive = await collect(test.images.save(['mine:1', `${registry.host}/a`]));
  expect((await collect(test.images.save(['mine:1', `${registry.host}/a`]))).equals(archive)).toBe(true);
  return { archive, id, digest, host: registry.host };
}

const load = (test: TestImages, archive: Buffer) => test.images.load({ source: stream(archive) });

const LAYER = tar([{ name: 'file', body: 'content' }]);
const CONFIG = JSON.stringify({
  architecture: 'amd64',
  os: 'linux',
  rootfs: { type: 'layers', diff_ids: [sha256(LAYER), sha256(LAYER)] },
});
const MANIFEST = JSON.stringify([
  { Config: 'config.json', RepoTags: ['old/name:2'], Layers: ['1/layer.tar', '2/layer.tar'] },
]);

describe('save and load', () => {
  it('bring names, id and manifest over unchanged', async () => {
    const { archive, id, digest, host } = await saved();
    using other = new TestImages();
    expect(await load(other, archive)).toEqual([{ id, names: ['mine:1', `${host}/a:latest`] }]);
    expect(other.images.list().map((each) => each.digest)).toEqual([digest, digest]);
    expect(other.unfinished).toEqual([]);
  });

  it('take a compressed archive', async () => {
    const { archive, id } = await saved();
    using other = new TestImages();
    expect(await load(other, gzipSync(archive))).toMatchObject([{ id }]);
  });

  it.each([false, true])('take a docker-archive with shared layers, compressed: %s', async (compressed) => {
    using test = new TestImages();
    const archive = tar([
      { name: 'config.json', body: CONFIG },
      { name: '1/layer.tar', body: compressed ? gzipSync(LAYER) : LAYER },
      { name: '2/layer.tar', type: 'symlink', linkname: '../1/layer.tar' },
      { name: 'manifest.json', body: MANIFEST },
    ]);
    expect(await load(test, archive)).toEqual([{ id: sha256(CONFIG), names: ['old/name:2'] }]);
    expect(test.images.resolve('old/name:2').chain).toHaveLength(2);
  });

  it.each([
    ['nothing', Buffer.alloc(0), 'E_ARCHIVE'],
    ['text', Buffer.from('this is no archive'.repeat(100)), 'E_ARCHIVE'],
    ['another archive', tar([{ name: 'a', body: 'a' }]), 'E_ARCHIVE'],
    ['a missing layer', tar([{ name: 'manifest.json', body: MANIFEST }]), 'E_ARCHIVE'],
  ])('refuse %s, and leave nothing', async (_, archive, code) => {
    using test = new TestImages();
    await expect(load(test, archive)).rejects.toMatchObject({ code });
    expect(test.blobs).toEqual([]);
    expect(test.unfinished).toEqual([]);
  });

  it('refuse an archive that is cut or altered', async () => {
    const { archive } = await saved();
    using test = new TestImages();
    await expect(load(test, archive.subarray(0, archive.length / 2))).rejects.toMatchObject({
      code: 'E_ARCHIVE',
    });
    const at = archive.indexOf('"layers"');
    const altered = Buffer.from(archive);
    altered.write('"LAYERS"', at);
    await expect(load(test, altered)).rejects.toMatchObject({ code: 'E_DIGEST_MISMATCH' });
    expect(test.images.list()).toEqual([]);
  });

  it('refuse an image that is not here', async () => {
    using test = new TestImages();
    await expect(collect(test.images.save(['nothing']))).rejects.toMatchObject({ code: 'E_IMAGE_NOT_FOUND' });
  });
});
