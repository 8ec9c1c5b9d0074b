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

  it('take what docker save wrote before version 25', async () => {
    using test = new TestImages();
    const id = sha256(CONFIG).slice(7);
    const [one, two] = ['1'.repeat(64), '2'.repeat(64)];
    const part = (layer: string) => [
      { name: `${layer}/`, type: 'directory' as const },
      { name: `${layer}/VERSION`, body: '1.0' },
      { name: `${layer}/json`, body: JSON.stringify({ id: layer, created: '1970-01-01T00:00:00Z' }) },
    ];
    const archive = tar([
      { name: `${id}.json`, body: CONFIG },
      // A layer that stands in the image twice is a link to itself, in the order of directories: also to what comes later.
      ...part(one ?? ''),
      { name: `${one}/layer.tar`, type: 'symlink', linkname: `../${two}/layer.tar` },
      ...part(two ?? ''),
      { name: `${two}/layer.tar`, body: LAYER },
      {
        name: 'manifest.json',
        body: JSON.stringify([
          {
            Config: `${id}.json`,
            RepoTags: ['old/name:2'],
            Layers: [`${one}/layer.tar`, `${two}/layer.tar`],
          },
          { Config: `${id}.json`, RepoTags: null, Layers: [`${one}/layer.tar`, `${two}/layer.tar`] },
        ]),
      },
      { name: 'repositories', body: JSON.stringify({ 'old/name': { '2': two } }) },
    ]);
    expect(await load(test, archive)).toEqual([
      { id: sha256(CONFIG), names: ['old/name:2'] },
      { id: sha256(CONFIG), names: [] },
    ]);
    expect(test.images.resolve('old/name:2').chain).toHaveLength(2);
  });

  it('take what docker save writes from version 25 on, and refuse another platform', async () => {
    using test = new TestImages();
    const member = (data: string | Buffer) => ({
      name: `blobs/${sha256(data).replace(':', '/')}`,
      body: data,
    });
    const descriptor = (mediaType: string, data: string | Buffer) => ({
      mediaType,
      digest: sha256(data),
      size: Buffer.byteLength(data),
    });
    const layer = descriptor('application/vnd.oci.image.layer.v1.tar', LAYER);
    const manifest = JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: descriptor('application/vnd.oci.image.config.v1+json', CONFIG),
      layers: [layer, layer],
    });
    const annotations = {
      'io.containerd.image.name': 'docker.io/new/name:3',
      'org.opencontainers.image.ref.name': '3',
    };
    const entry = { ...descriptor('application/vnd.oci.image.manifest.v1+json', manifest), annotations };
    const archive = tar([
      { name: 'blobs/', type: 'directory' },
      { name: 'blobs/sha256/', type: 'directory' },
      ...[LAYER, manifest, CONFIG].map(member),
      // Of the times before, for old programs.
      member(JSON.stringify({ id: '1'.repeat(64), os: 'linux' })),
      { name: 'index.json', body: JSON.stringify({ schemaVersion: 2, manifests: [entry] }) },
      {
        name: 'manifest.json',
        body: JSON.stringify([
          {
            Config: member(CONFIG).name,
            RepoTags: ['new/name:3'],
            Layers: [member(LAYER).name, member(LAYER).name],
            LayerSources: { [layer.digest]: layer },
          },
        ]),
      },
      { name: 'oci-layout', body: '{"imageLayoutVersion": "1.0.0"}' },
      { name: 'repositories', body: JSON.stringify({ 'new/name': { '3': '1'.repeat(64) } }) },
    ]);
    const loading = (platform: string) => test.images.load({ source: stream(archive), platform });
    await expect(loading('linux/arm64')).rejects.toMatchObject({ code: 'E_PLATFORM_NOT_FOUND' });
    expect(await loading('linux/amd64')).toEqual([{ id: sha256(CONFIG), names: ['new/name:3'] }]);
    expect(test.images.list()).toMatchObject([{ repository: 'new/name', tag: '3', digest: entry.digest }]);
    await test.images.requirePlatform('new/name:3', 'amd64');
    await expect(test.images.requirePlatform('new/name:3', 'linux/s390x')).rejects.toMatchObject({
      message: expect.stringContaining('does not provide the specified platform (linux/s390x)'),
    });
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
