import { describe, expect, it } from 'vitest';
import {
  type Descriptor,
  ImageStore,
  layer,
  MEDIA_TYPES,
  sha256,
} from '../../../test/support/image-store.ts';
import { type TarEntry, tar } from '../../../test/support/tar.ts';
import { TestImages } from './images.ts';

const NAME = 'docker.io/new/name:3';
const ANNOTATIONS = { 'io.containerd.image.name': NAME, 'org.opencontainers.image.ref.name': '3' };

/** Images for several platforms with what BuildKit says of each, in an index, as Docker's containerd image store keeps them. */
function built(...architectures: string[]) {
  const store = new ImageStore();
  const images = new Map<string, Descriptor>();
  const parts = new Map<string, string[]>();
  const manifests = architectures.flatMap((architecture) => {
    const made = layer(tar([{ name: 'arch', body: architecture }]));
    const image = store.addImage({ layers: [made], platform: { os: 'linux', architecture } });
    const statement = store.addJson('application/vnd.in-toto+json', { subject: image.digest });
    const config = store.addJson(MEDIA_TYPES.oci.config, {
      architecture: 'unknown',
      os: 'unknown',
      config: {},
      rootfs: { type: 'layers', diff_ids: [statement.digest] },
    });
    const attestation = store.addJson(MEDIA_TYPES.oci.manifest, {
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.oci.manifest,
      config,
      layers: [statement],
    });
    images.set(architecture, image);
    parts.set(architecture, [image.digest, configOf(store, image), sha256(made.blob)]);
    const annotations = {
      'vnd.docker.reference.digest': image.digest,
      'vnd.docker.reference.type': 'attestation-manifest',
    };
    return [image, { ...attestation, platform: { architecture: 'unknown', os: 'unknown' }, annotations }];
  });
  return { store, index: store.addIndex(manifests), images, parts };
}

function configOf(store: ImageStore, image: Descriptor): string {
  return JSON.parse(store.blob(image.digest).toString()).config.digest;
}

const pathOf = (digest: string) => `blobs/${digest.replace(':', '/')}`;

function archive(
  blobs: Iterable<readonly [string, Buffer]>,
  index: unknown,
  manifest: unknown,
): AsyncIterable<Uint8Array> {
  const entries: TarEntry[] = [...blobs].map(([digest, body]) => ({ name: pathOf(digest), body }));
  const file = (name: string, value: unknown): TarEntry => ({ name, body: JSON.stringify(value) });
  const data = tar([
    ...entries,
    file('index.json', { schemaVersion: 2, manifests: index }),
    ...(manifest === undefined ? [] : [file('manifest.json', manifest)]),
    file('oci-layout', { imageLayoutVersion: '1.0.0' }),
  ]);
  return (async function* () {
    yield data;
  })();
}

describe('load of what docker save writes', () => {
  it.each([
    [undefined, 'amd64'],
    ['linux/arm64', 'arm64'],
  ])('with the containerd image store: of an index with attestations, %s', async (platform, expected) => {
    const { store, index, parts } = built('arm64', 'amd64');
    const [manifest = '', config = '', blob = ''] = parts.get('arm64') ?? [];
    expect(store.blobs.has(manifest)).toBe(true);
    // Docker lists the image for its own machine in manifest.json.
    const docker = [{ Config: pathOf(config), RepoTags: ['new/name:3'], Layers: [pathOf(blob)] }];
    using test = new TestImages();
    const source = archive(store.blobs, [{ ...index, annotations: ANNOTATIONS }], docker);
    const loaded = await test.images.load({ source, ...(platform === undefined ? {} : { platform }) });
    expect(loaded).toMatchObject([{ names: ['new/name:3'] }]);
    expect(test.images.resolve('new/name:3').architecture).toBe(expected);
    expect(test.images.list()).toHaveLength(1);
  });

  it('with the manifests of platforms whose layers it left out', async () => {
    const { store, index, parts } = built('amd64', 'arm64');
    const [, , missing = ''] = parts.get('amd64') ?? [];
    const blobs = [...store.blobs].filter(([digest]) => digest !== missing);
    using test = new TestImages();
    const source = () => archive(blobs, [{ ...index, annotations: ANNOTATIONS }], undefined);
    await expect(test.images.load({ source: source(), platform: 'amd64' })).rejects.toMatchObject({
      code: 'E_PLATFORM_NOT_FOUND',
    });
    await test.images.load({ source: source() });
    expect(test.images.resolve('new/name:3').architecture).toBe('arm64');
  });

  it('with attestations and other artifacts beside the image', async () => {
    const { store, images, index } = built('amd64');
    const artifact = store.addJson(MEDIA_TYPES.oci.manifest, {
      schemaVersion: 2,
      config: store.addJson('application/vnd.example+json', {}),
      layers: [],
    });
    const attestation = JSON.parse(store.blob(index.digest).toString()).manifests[1];
    const both = store.addIndex([artifact, ...images.values()]);
    using test = new TestImages();
    const entries = [attestation, { ...both, annotations: ANNOTATIONS }];
    const loaded = await test.images.load({ source: archive(store.blobs, entries, undefined) });
    expect(loaded).toMatchObject([{ names: ['new/name:3'] }]);
  });

  it('by digest: index.json lacks what manifest.json has', async () => {
    const { store, images, parts } = built('amd64', 'arm64');
    const entries = ['amd64', 'arm64'].map((architecture) => {
      const [, config = '', blob = ''] = parts.get(architecture) ?? [];
      return { Config: pathOf(config), RepoTags: null, Layers: [pathOf(blob)] };
    });
    for (const index of [null, [images.get('amd64')]]) {
      using test = new TestImages();
      const loaded = await test.images.load({ source: archive(store.blobs, index, entries) });
      expect(loaded.map(({ names }) => names)).toEqual([[], []]);
      expect(test.images.list()).toHaveLength(2);
    }
  });

  it('in version 25.0, whose manifests have no layers', async () => {
    const { store, images, parts } = built('amd64');
    const [, config = '', blob = ''] = parts.get('amd64') ?? [];
    const image = images.get('amd64');
    const bare = store.addJson(MEDIA_TYPES.oci.manifest, {
      ...JSON.parse(store.blob(image?.digest ?? '').toString()),
      layers: [],
    });
    const docker = [{ Config: pathOf(config), RepoTags: ['new/name:3'], Layers: [pathOf(blob)] }];
    using test = new TestImages();
    const source = archive(store.blobs, [{ ...bare, annotations: ANNOTATIONS }], docker);
    expect(await test.images.load({ source })).toEqual([{ id: config, names: ['new/name:3'] }]);
    expect(test.images.resolve('new/name:3').chain).toHaveLength(1);
  });
});
