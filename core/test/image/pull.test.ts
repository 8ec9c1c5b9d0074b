import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  hugeManifest,
  imageOf,
  malformedManifest,
  missingLayer,
  schema1Manifest,
  wrongDiffId,
  wrongManifestType,
} from '../../../test/support/broken-images.ts';
import { FaultyRegistry, type Rule, refusingHost } from '../../../test/support/faulty-registry.ts';
import {
  type Compression,
  type Descriptor,
  ImageStore,
  layer,
  MEDIA_TYPES,
  sha256,
} from '../../../test/support/image-store.ts';
import { tar } from '../../../test/support/tar.ts';
import type { PullEvent } from '../../src/api.ts';
import { TestImages } from './images.ts';
import { MemoryLayers } from './memory-layers.ts';

const file = (name: string, body = `${name}\n`) => ({ name, body });

function multiPlatform(): ImageStore {
  const store = new ImageStore();
  const manifests = [
    { os: 'linux', architecture: 'amd64' },
    { os: 'linux', architecture: 'arm64', variant: 'v8' },
    { os: 'windows', architecture: 'amd64' },
  ].map((platform) => store.addImage({ platform, layers: [layer(tar([file(platform.architecture)]))] }));
  return store.tag('latest', store.addIndex(manifests));
}

describe('a pull', () => {
  it.each<[Compression, boolean]>([
    ['gzip', false],
    ['gzip', true],
    ['zstd', false],
    ['none', true],
  ])('of %s layers, Docker’s media types %s', async (compression, docker) => {
    const store = new ImageStore();
    const layers = ['a', 'b', 'c', 'd', 'e'].map((name) => layer(tar([file(name)]), compression));
    store.tag('latest', store.addImage({ layers, docker, config: { Cmd: ['/bin/sh'], Env: ['A=1'] } }));
    await using registry = await FaultyRegistry.start({ images: { 'a/b': store } });
    const memory = new MemoryLayers();
    using test = new TestImages(memory);
    const events: PullEvent[] = [];
    const reference = `${registry.host}/a/b`;
    const pulled = await test.images.pull({ reference, onEvent: (event) => events.push(event) });
    const resolved = test.images.resolve(reference);
    expect(resolved).toMatchObject({
      id: pulled.id,
      os: 'linux',
      config: { Cmd: ['/bin/sh'], Env: ['A=1'] },
    });
    expect(resolved.chain.map((id) => memory.tars.get(id))).toEqual(
      ['a', 'b', 'c', 'd', 'e'].map((name) => tar([file(name)])),
    );
    expect(test.images.list()).toMatchObject([
      { id: pulled.id, repository: reference, tag: 'latest', digest: pulled.digest },
    ]);
    expect(test.blobs).toHaveLength(7);
    expect(test.unfinished).toEqual([]);
    expect(events.at(0)).toEqual({ kind: 'resolving', reference, tag: 'latest' });
    expect(events.at(-1)).toMatchObject({ kind: 'pulled', status: 'downloaded', digest: pulled.digest });
    expect(events.filter((event) => event.kind === 'layer' && event.state === 'done')).toHaveLength(5);
  });

  it('again asks for the digest alone', async () => {
    await using registry = await FaultyRegistry.start({ images: { x: imageOf([[file('a')]]) } });
    using test = new TestImages();
    const events: PullEvent[] = [];
    const request = { reference: `${registry.host}/x`, onEvent: (event: PullEvent) => events.push(event) };
    const first = await test.images.pull(request);
    const before = registry.requests.length;
    expect(await test.images.pull(request)).toEqual(first);
    expect(registry.requests.slice(before).map(({ method }) => method)).toEqual(['HEAD']);
    expect(events.at(-1)).toMatchObject({ kind: 'pulled', status: 'up-to-date' });
  });

  it('shares layers and blobs with other images', async () => {
    const base = layer(tar([file('base')]));
    const one = new ImageStore();
    one.tag('1', one.addImage({ layers: [base, layer(tar([file('one')]))] }));
    one.tag('2', one.addImage({ layers: [base, layer(tar([file('two')]))] }));
    await using registry = await FaultyRegistry.start({ images: { x: one } });
    const memory = new MemoryLayers();
    using test = new TestImages(memory);
    const events: PullEvent[] = [];
    await test.images.pull({
      reference: `${registry.host}/x`,
      allTags: true,
      onEvent: (e) => events.push(e),
    });
    expect(test.images.list()).toHaveLength(2);
    expect(memory.unpacked).toHaveLength(3);
    expect(events.filter((event) => event.kind === 'layer' && event.state === 'exists')).toHaveLength(1);
  });

  it('moves a tag and leaves the old image dangling', async () => {
    const store = imageOf([[file('old')]]);
    await using registry = await FaultyRegistry.start({ images: { x: store } });
    using test = new TestImages();
    const reference = `${registry.host}/x`;
    const old = await test.images.pull({ reference });
    store.tag('latest', store.addImage({ layers: [layer(tar([file('new')]))] }));
    const fresh = await test.images.pull({ reference });
    expect(fresh.id).not.toBe(old.id);
    expect(test.images.resolve(reference).id).toBe(fresh.id);
    expect(test.images.list().map(({ id, tag }) => [id, tag])).toEqual(
      expect.arrayContaining([
        [fresh.id, 'latest'],
        [old.id, '<none>'],
      ]),
    );
  });

  it('unpacks in order where the storage driver needs that', async () => {
    const memory = new MemoryLayers({ parallel: false });
    using test = new TestImages(memory);
    const layers = Array.from({ length: 12 }, (_, index) => [file(`${index}`)]);
    await using registry = await FaultyRegistry.start({ images: { x: imageOf(layers) } });
    await test.images.pull({ reference: `${registry.host}/x` });
    expect(memory.unpacked).toEqual(test.images.resolve(`${registry.host}/x`).chain);
  });

  it('takes a layer that stands in an image several times', async () => {
    await using registry = await FaultyRegistry.start({
      images: { x: imageOf([[file('a')], [file('empty')], [file('empty')], [file('a')]]) },
    });
    using test = new TestImages();
    await test.images.pull({ reference: `${registry.host}/x` });
    expect(test.images.resolve(`${registry.host}/x`).chain).toHaveLength(4);
    expect(registry.requests.filter(({ endpoint }) => endpoint === 'blob')).toHaveLength(3);
  });

  it('by two at the same time brings each layer once', async () => {
    const tars = new Map<string, Buffer>();
    const memories = [new MemoryLayers({ tars }), new MemoryLayers({ tars })];
    const layers = Array.from({ length: 8 }, (_, index) => [file(`${index}`)]);
    await using registry = await FaultyRegistry.start({ images: { x: imageOf(layers) } });
    using one = new TestImages(memories[0]);
    using two = new TestImages(memories[1], one.root);
    const reference = `${registry.host}/x`;
    const [a, b] = await Promise.all([one.images.pull({ reference }), two.images.pull({ reference })]);
    expect(a).toEqual(b);
    const blobs = registry.requests.filter(({ endpoint }) => endpoint === 'blob').map(({ path }) => path);
    expect(blobs).toHaveLength(9);
    expect(new Set(blobs).size).toBe(9);
    expect(memories.flatMap(({ unpacked }) => unpacked)).toHaveLength(8);
    expect(one.unfinished).toEqual([]);
  });

  it('by several, of images that share blobs at different places, downloads each blob once', async () => {
    const shared = layer(tar([file('shared', 'x'.repeat(50_000))]));
    const store = new ImageStore();
    const images = ['1', '2', '3', '4'].map((tag) => ({ tag, layers: [layer(tar([file(tag)])), shared] }));
    for (const { tag, layers } of images) store.tag(tag, store.addImage({ layers }));
    await using registry = await FaultyRegistry.start({ images: { x: store } });
    using one = new TestImages();
    const others = [1, 2, 3].map(() => new TestImages(new MemoryLayers(), one.root));
    const pulls = [one, ...others].map((each, index) =>
      each.images.pull({ reference: `${registry.host}/x:${index + 1}` }),
    );
    await Promise.all(pulls);
    const blobs = registry.requests.filter(({ endpoint }) => endpoint === 'blob').map(({ path }) => path);
    expect(blobs).toHaveLength(new Set(blobs).size);
    expect(blobs).toHaveLength(9);
    for (const each of others) each.store.database.close();
  });

  it('of 500 layers', async () => {
    const layers = Array.from({ length: 500 }, (_, index) => [file(`${index}`)]);
    await using registry = await FaultyRegistry.start({ images: { x: imageOf(layers) } });
    using test = new TestImages();
    await test.images.pull({ reference: `${registry.host}/x` });
    expect(test.images.resolve(`${registry.host}/x`).chain).toHaveLength(500);
  }, 60_000);

  it('leaves an OCI layout that skopeo reads', async () => {
    await using registry = await FaultyRegistry.start({ images: { x: imageOf([[file('a')]]) } });
    using test = new TestImages();
    await test.images.pull({ reference: `${registry.host}/x` });
    const layout = join(test.root, 'images');
    const index = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8'));
    expect(index.manifests[0].annotations).toMatchObject({
      'org.opencontainers.image.ref.name': `${registry.host}/x:latest`,
    });
    const name = `oci:${layout}:${registry.host}/x:latest`;
    const inspected = JSON.parse(execFileSync('skopeo', ['inspect', name], { encoding: 'utf8' }));
    expect(inspected).toMatchObject({ Architecture: 'amd64', Os: 'linux' });
  });
});

/** Without the platform that it is for. */
function bare({ mediaType, digest, size }: Descriptor): Descriptor {
  return { mediaType, digest, size };
}

describe('platforms', () => {
  it.each([
    [undefined, 'amd64'],
    ['linux/arm64', 'arm64'],
    ['arm64/v8', 'arm64'],
  ])('%s', async (platform, expected) => {
    await using registry = await FaultyRegistry.start({ images: { x: multiPlatform() } });
    using test = new TestImages();
    await test.images.pull({
      reference: `${registry.host}/x`,
      ...(platform === undefined ? {} : { platform }),
    });
    expect(test.images.resolve(`${registry.host}/x`).architecture).toBe(expected);
  });

  it('one that is missing is refused with those that are there', async () => {
    await using registry = await FaultyRegistry.start({ images: { x: multiPlatform() } });
    using test = new TestImages();
    await expect(
      test.images.pull({ reference: `${registry.host}/x`, platform: 'linux/s390x' }),
    ).rejects.toMatchObject({
      code: 'E_PLATFORM_NOT_FOUND',
      message: expect.stringContaining('linux/amd64, linux/arm64/v8, windows/amd64'),
    });
  });

  it.each([
    [
      'an index in an index',
      (inner: Descriptor, store: ImageStore) => [bare(store.addIndex([inner]))],
      'amd64',
    ],
    ['a manifest without a platform', (inner: Descriptor) => [bare(inner)], 'amd64'],
    [
      'a manifest without a platform, for another one',
      (inner: Descriptor) => [bare(inner)],
      'linux/arm64',
      'E_PLATFORM_NOT_FOUND',
    ],
    [
      'attestations alone',
      (inner: Descriptor) => [
        { ...bare(inner), annotations: { 'vnd.docker.reference.type': 'attestation-manifest' } },
        { ...inner, platform: { os: 'unknown', architecture: 'unknown' } },
      ],
      'amd64',
      'E_PLATFORM_NOT_FOUND',
    ],
  ])('of an index that holds %s', async (_, entries, platform, code?: string) => {
    const store = new ImageStore();
    const inner = store.addImage({ layers: [layer(tar([{ name: 'a', body: 'a' }]))] });
    store.tag('latest', store.addIndex(entries(inner, store)));
    await using registry = await FaultyRegistry.start({ images: { x: store } });
    using test = new TestImages();
    const pulled = test.images.pull({ reference: `${registry.host}/x`, platform });
    if (code !== undefined) return await expect(pulled).rejects.toMatchObject({ code });
    const { digest } = await pulled;
    expect(digest).toBe(store.tags.get('latest')?.digest);
    expect(test.images.resolve(`${registry.host}/x`).architecture).toBe('amd64');
  });

  it('an index of indexes without an end is refused', async () => {
    const store = new ImageStore();
    let inner = store.addIndex([]);
    for (let depth = 0; depth < 30; depth += 1) inner = store.addIndex([bare(inner)]);
    store.tag('latest', inner);
    await using registry = await FaultyRegistry.start({ images: { x: store } });
    using test = new TestImages();
    await expect(test.images.pull({ reference: `${registry.host}/x` })).rejects.toMatchObject({
      code: 'E_MANIFEST_UNSUPPORTED',
    });
  });

  it('another one is pulled anew in the place of the one that is here', async () => {
    await using registry = await FaultyRegistry.start({ images: { x: multiPlatform() } });
    using test = new TestImages();
    await test.images.pull({ reference: `${registry.host}/x` });
    await test.images.pull({ reference: `${registry.host}/x`, platform: 'linux/arm64' });
    expect(test.images.resolve(`${registry.host}/x`).architecture).toBe('arm64');
  });
});

describe('by the configuration', () => {
  it('a name without a registry is looked for in the search order, and found again by it', async () => {
    await using first = await FaultyRegistry.start();
    await using second = await FaultyRegistry.start({ images: { app: imageOf([[file('a')]]) } });
    using test = new TestImages();
    test.configure({ registries: { search: [first.host, second.host] } });
    const pulled = await test.images.pull({ reference: 'app' });
    expect(pulled.reference).toBe(`${second.host}/app:latest`);
    expect(test.images.resolve('app').id).toBe(pulled.id);
    expect(test.images.resolve('app:latest').id).toBe(pulled.id);
    expect(test.images.resolve(pulled.digest).id).toBe(pulled.id);
    expect(() => test.images.resolve('docker.io/library/app')).toThrow('No such image');
    expect((await test.images.remove('app', {})).untagged[0]).toBe(`${second.host}/app:latest`);
    await expect(test.images.pull({ reference: 'nothing' })).rejects.toMatchObject({
      code: 'E_MANIFEST_NOT_FOUND',
      message: `nothing was found in none of the registries searched: ${first.host}, ${second.host}.`,
    });
  });

  it('the search order counts for what is here, too, and what was named here comes last', async () => {
    await using one = await FaultyRegistry.start({ images: { 'library/app': imageOf([[file('1')]]) } });
    await using two = await FaultyRegistry.start({ images: { app: imageOf([[file('2')]]) } });
    using test = new TestImages();
    const first = await test.images.pull({ reference: `${one.host}/library/app` });
    await test.images.tag(`${one.host}/library/app`, 'app');
    test.configure({ registries: { search: [two.host] } });
    expect(test.images.resolve('app').id).toBe(first.id);
    const second = await test.images.pull({ reference: 'app' });
    expect(test.images.resolve('app').id).toBe(second.id);
  });

  it('a wait that the registry asks for is told', async () => {
    await using registry = await FaultyRegistry.start({
      images: { x: imageOf([[file('a')]]) },
      rules: [{ on: 'manifest', kind: 'answer', status: 429, headers: { 'retry-after': '1' }, times: 1 }],
    });
    using test = new TestImages();
    const events: PullEvent[] = [];
    await test.images.pull({ reference: `${registry.host}/x`, onEvent: (event) => events.push(event) });
    expect(events).toContainEqual({
      kind: 'retrying',
      why: `${registry.host} answered with status 429, which asks to wait 1 s`,
    });
  });

  it('a registry that can’t be asked ends the search', async () => {
    const down = await refusingHost();
    await using second = await FaultyRegistry.start({ images: { app: imageOf([[file('a')]]) } });
    using test = new TestImages();
    test.configure({ registries: { search: [down, second.host] } });
    await expect(test.images.pull({ reference: 'app' })).rejects.toMatchObject({
      code: 'E_REGISTRY_UNREACHABLE',
    });
    expect(second.requests).toEqual([]);
  });

  it('a mirror is asked first, and said when it is passed over', async () => {
    const store = imageOf([[file('a')]]);
    await using mirror = await FaultyRegistry.start({
      images: { 'proxy/x': store },
      rules: [{ on: 'blob', kind: 'answer', status: 404 }],
    });
    await using registry = await FaultyRegistry.start({ images: { x: store } });
    using test = new TestImages();
    test.configure({ registries: { mirrors: { [registry.host]: [`${mirror.host}/proxy`] } } });
    const events: PullEvent[] = [];
    await test.images.pull({ reference: `${registry.host}/x`, onEvent: (event) => events.push(event) });
    expect(test.images.list()).toMatchObject([{ repository: `${registry.host}/x` }]);
    expect(registry.requests.every(({ endpoint }) => endpoint === 'blob')).toBe(true);
    expect(events.find(({ kind }) => kind === 'mirror-failed')).toMatchObject({
      mirror: `${mirror.host}/proxy`,
    });
  });

  it('what is blocked is neither pulled nor pushed, and nobody is asked', async () => {
    await using registry = await FaultyRegistry.start({ images: { 'a/x': imageOf([[file('a')]]) } });
    using test = new TestImages();
    const reference = `${registry.host}/a/x`;
    await test.images.pull({ reference });
    const before = registry.requests.length;
    test.configure({ registries: { blocked: [`${registry.host}/a`] } });
    const blocked = { code: 'E_REGISTRY_BLOCKED' };
    await expect(test.images.pull({ reference })).rejects.toMatchObject(blocked);
    await expect(test.images.push({ reference })).rejects.toMatchObject(blocked);
    expect(registry.requests).toHaveLength(before);
  });

  it('a policy wants a digest', async () => {
    await using registry = await FaultyRegistry.start({ images: { x: imageOf([[file('a')]]) } });
    using test = new TestImages();
    const reference = `${registry.host}/x`;
    const { digest } = await test.images.pull({ reference });
    test.configure({ policy: { 'require-digest': [registry.host] } });
    await expect(test.images.pull({ reference })).rejects.toMatchObject({ code: 'E_DIGEST_REQUIRED' });
    await expect(test.images.pull({ reference, allTags: true })).rejects.toMatchObject({
      code: 'E_DIGEST_REQUIRED',
    });
    expect(await test.images.pull({ reference: `${reference}@${digest}` })).toMatchObject({ digest });
  });

  it('a mistake in it is named', async () => {
    using test = new TestImages();
    test.configure({ registries: { mirrors: [] } });
    await expect(test.images.pull({ reference: 'localhost:1/x' })).rejects.toMatchObject({
      code: 'E_CONFIG',
      message: expect.stringContaining('"registries.mirrors" is not an object'),
    });
  });
});

describe('refused, with nothing left behind', () => {
  const refused = async (store: ImageStore, code: string, sentence: RegExp, rules: Rule[] = []) => {
    await using registry = await FaultyRegistry.start({ images: { x: store }, rules });
    const memory = new MemoryLayers();
    using test = new TestImages(memory);
    await expect(test.images.pull({ reference: `${registry.host}/x` })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(sentence),
    });
    expect(test.images.list()).toEqual([]);
    expect(test.unfinished).toEqual([]);
    expect(memory.active).toBe(0);
    expect(test.store.database.all('SELECT * FROM lease')).toEqual([]);
  };

  it('a tag that is not there', () =>
    refused(new ImageStore(), 'E_MANIFEST_NOT_FOUND', /manifest for .* not found/));
  it('a manifest that is not JSON', () =>
    refused(malformedManifest('what?'), 'E_REGISTRY_REPLY', /no valid manifest.*not JSON/));
  it.each([
    'null',
    '[]',
    '{}',
    '{"schemaVersion":2,"config":{},"layers":7}',
    '{"config":{"mediaType":1},"layers":[]}',
  ])('a manifest of another shape: %s', async (text) => {
    const store = new ImageStore();
    store.tag('latest', store.addBlob(MEDIA_TYPES.oci.manifest, Buffer.from(text)));
    await refused(store, 'E_REGISTRY_REPLY', /no valid manifest/);
  });
  it('garbage', () =>
    refused(imageOf([[file('a')]]), 'E_REGISTRY_REPLY', /manifest/, [
      { on: 'manifest', kind: 'answer', status: 200, body: 'what?' },
    ]));
  it('schema 1', () => refused(schema1Manifest(), 'E_MANIFEST_UNSUPPORTED', /schema 1/));
  it('what is no image', () => refused(wrongManifestType(), 'E_MANIFEST_UNSUPPORTED', /no container image/));
  it.each([5, 10])('a manifest of %d MiB', (size) =>
    refused(hugeManifest(size << 20), 'E_REGISTRY_REPLY', /more than 4 MiB/),
  );
  it('a layer of an unknown media type', async () => {
    const store = imageOf([[file('a')]]);
    const manifest = JSON.parse(store.blob(store.tags.get('latest')?.digest ?? '').toString());
    manifest.layers[0].mediaType = 'application/vnd.example.layer.v1.squashfs';
    store.tag('latest', store.addJson(MEDIA_TYPES.oci.manifest, manifest));
    await refused(store, 'E_MANIFEST_UNSUPPORTED', /media type application\/vnd.example.layer.v1.squashfs/);
  });
  it('more layers than the kernel takes', () =>
    refused(
      imageOf(Array.from({ length: 501 }, () => [file('a')])),
      'E_MANIFEST_UNSUPPORTED',
      /501 layers.*500/,
    ));
  it.each([100, -10])('a Content-Length that is %d bytes off, always', (delta) =>
    refused(imageOf([[file('a')]]), 'E_REGISTRY_REPLY', /(fewer|more) bytes for layer/, [
      { on: 'blob', kind: 'content-length', delta },
    ]),
  );
  it('a server that is always ill', () =>
    refused(imageOf([[file('a')]]), 'E_REGISTRY_REPLY', /status 500/, [
      { on: 'blob', kind: 'answer', status: 500 },
    ]));
  it('a rate limit that is too long to wait for', () =>
    refused(imageOf([[file('a')]]), 'E_REGISTRY_RATE_LIMIT', /rate limit/, [
      { on: 'manifest', kind: 'answer', status: 429, headers: { 'retry-after': '86400' } },
    ]));
  it('a missing layer', () => refused(missingLayer(), 'E_REGISTRY_REPLY', /does not have layer/));
  it('a layer with another digest', () =>
    refused(imageOf([[file('a')], [file('b')]]), 'E_DIGEST_MISMATCH', /digest/, [
      { on: 'blob', kind: 'corrupt' },
    ]));
  it('a layer that is not what the configuration says', () =>
    refused(wrongDiffId(), 'E_DIGEST_MISMATCH', /digest/));
  it('a connection that is always cut', () =>
    refused(imageOf([[file('a')]]), 'E_REGISTRY_UNREACHABLE', /the connection was cut/, [
      { on: 'blob', kind: 'cut', after: 10 },
    ]));
  it.each([
    ['no rootfs', { architecture: 'amd64', os: 'linux', config: {} }, /rootfs/],
    ['too few layers', { os: 'linux', rootfs: { diff_ids: [] } }, /lists 0 layers and the manifest 1/],
    ['a layer that is no digest', { os: 'linux', rootfs: { diff_ids: ['x'] } }, /no digest/],
    ['another system', { os: 'windows', rootfs: { diff_ids: [`sha256:${'0'.repeat(64)}`] } }, /windows/],
    [
      'a command that is no list',
      { config: { Cmd: 'sh' }, rootfs: { diff_ids: [`sha256:${'0'.repeat(64)}`] } },
      /config.Cmd/,
    ],
  ])('a configuration with %s', async (_, config, sentence) => {
    const store = new ImageStore();
    const { blob } = layer(tar([file('a')]));
    const manifest = {
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.oci.manifest,
      config: store.addJson(MEDIA_TYPES.oci.config, config),
      layers: [store.addBlob(MEDIA_TYPES.oci.layer.gzip, blob)],
    };
    store.tag('latest', store.addJson(MEDIA_TYPES.oci.manifest, manifest));
    await refused(store, 'E_IMAGE_CONFIG', sentence);
  });

  describe('a layer that its registry may not spread', () => {
    const foreign = layer(tar([file('foreign', 'x'.repeat(10_000))]));
    const digest = sha256(foreign.blob);
    /** An image without the blob of one of its layers, and another repository that has it. */
    const places = (urls: (host: string) => readonly string[], other = new ImageStore()) => {
      const store = new ImageStore();
      return FaultyRegistry.start({ images: { x: store, other } }).then((registry) => {
        const diffIds = [foreign.diffId];
        const config = { os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: diffIds } };
        const manifest = {
          schemaVersion: 2,
          mediaType: MEDIA_TYPES.docker.manifest,
          config: store.addJson(MEDIA_TYPES.docker.config, config),
          layers: [
            {
              mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
              digest,
              size: foreign.blob.length,
              urls: urls(registry.host),
            },
          ],
        };
        store.tag('latest', store.addJson(MEDIA_TYPES.docker.manifest, manifest));
        return registry;
      });
    };

    it('is fetched from where its manifest says, without credentials, and not given up later', async () => {
      const other = new ImageStore();
      other.addBlob(MEDIA_TYPES.docker.layer.gzip, foreign.blob);
      await using registry = await places(
        (host) => [
          'ftp://nowhere/',
          `http://${host}/v2/none/blobs/${digest}`,
          `http://${host}/v2/other/blobs/${digest}`,
        ],
        other,
      );
      using test = new TestImages();
      const reference = `${registry.host}/x`;
      const { id } = await test.images.pull({ reference });
      expect(test.images.resolve(reference).id).toBe(id);
      const asked = registry.requests.filter(({ path }) => path.includes(digest));
      expect(asked.map(({ path }) => path.split('/')[2])).toEqual(['x', 'none', 'other']);
      expect(asked.at(-1)?.headers.authorization).toBeUndefined();
      expect((await test.images.dropBlobs()).digests).toEqual([]);
    });

    it.each([
      [
        'is missing there, too',
        (host: string) => [`http://${host}/v2/other/blobs/${digest}`],
        /answers with status 404/,
      ],
      ['would come unencrypted', () => [`http://example.org/${digest}`], /is no HTTPS address/],
    ])('%s', async (_, urls, sentence) => {
      await using registry = await places(urls);
      using test = new TestImages();
      await expect(test.images.pull({ reference: `${registry.host}/x` })).rejects.toMatchObject({
        code: 'E_REGISTRY_REPLY',
        message: expect.stringMatching(sentence),
      });
    });

    it('from a host that is blocked is refused', async () => {
      await using registry = await places(() => ['https://blocked.example/layer']);
      using test = new TestImages();
      test.configure({ registries: { blocked: ['blocked.example'] } });
      await expect(test.images.pull({ reference: `${registry.host}/x` })).rejects.toMatchObject({
        code: 'E_REGISTRY_BLOCKED',
      });
    });
  });

  it('an abort keeps the blobs that are whole, and the next pull uses them', async () => {
    const store = imageOf([[file('a')], [file('b', 'x'.repeat(100_000))]]);
    const slow = [...store.blobs.keys()].at(1) ?? '';
    await using registry = await FaultyRegistry.start({
      images: { x: store },
      rules: [{ on: new RegExp(slow), kind: 'stall', after: 10 }],
    });
    const memory = new MemoryLayers();
    using test = new TestImages(memory);
    const abort = new AbortController();
    const done = Promise.withResolvers<void>();
    const pull = test.images.pull({
      reference: `${registry.host}/x`,
      signal: abort.signal,
      onEvent: (event) => event.kind === 'layer' && event.state === 'done' && done.resolve(),
    });
    await Promise.all([registry.stalled(), done.promise]);
    abort.abort();
    await expect(pull).rejects.toMatchObject({ name: 'AbortError' });
    expect(test.unfinished).toEqual([]);
    registry.release();
    const before = registry.requests.length;
    await test.images.pull({ reference: `${registry.host}/x` });
    expect(registry.requests.slice(before).filter(({ endpoint }) => endpoint === 'blob')).toHaveLength(1);
  });

  it('an abort in the midst of a large layer leaves what came, and the next pull asks for the rest', async () => {
    const large = layer(tar([file('a', randomBytes(6 << 20).toString('latin1'))]), 'none');
    const store = new ImageStore();
    store.tag('latest', store.addImage({ layers: [large] }));
    const slow = sha256(large.blob).slice('sha256:'.length);
    await using registry = await FaultyRegistry.start({
      images: { x: store },
      rules: [{ on: new RegExp(slow), kind: 'stall', after: 4 << 20 }],
      ranges: true,
    });
    using test = new TestImages();
    const reference = `${registry.host}/x`;
    const abort = new AbortController();
    const pull = test.images.pull({ reference, signal: abort.signal });
    await registry.stalled();
    // What the registry has sent may still be on its way here.
    const partial = join(test.root, 'partial');
    const size = () =>
      readdirSync(partial).reduce((sum, name) => sum + statSync(join(partial, name)).size, 0);
    await expect.poll(size, { timeout: 60_000 }).toBeGreaterThan(2 << 20);
    abort.abort();
    await expect(pull).rejects.toMatchObject({ name: 'AbortError' });
    const there = size();
    registry.release();
    const before = registry.requests.length;
    const { id } = await test.images.pull({ reference });
    const asked = registry.requests.slice(before).filter(({ path }) => path.endsWith(slow));
    expect(asked).toMatchObject([{ headers: { range: `bytes=${there}-` }, status: 206 }]);
    expect(test.images.resolve(reference).id).toBe(id);
    expect(readdirSync(partial)).toEqual([]);
  });
});
