import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { FEATURE_LAYERS } from '../../../test/fixtures/features.ts';
import { imageOf } from '../../../test/support/broken-images.ts';
import { MEDIA_TYPES, sha256 } from '../../../test/support/image-store.ts';
import { mutateBytes, mutateJson, mutateTar } from '../../../test/support/mutate.ts';
import { randomness } from '../../../test/support/random.ts';
import { tar } from '../../../test/support/tar.ts';
import { WherryError } from '../../src/errors/error.ts';
import { parseConfig } from '../../src/image/config.ts';
import { parseHistory } from '../../src/image/history.ts';
import { parseManifest } from '../../src/image/manifest.ts';
import { decompress } from '../../src/layer/decompress.ts';
import { TarError } from '../../src/layer/error.ts';
import { TarReader } from '../../src/layer/tar-reader.ts';
import { TestImages } from './images.ts';

const ROUNDS = Number(process.env.WHERRY_TEST_FUZZ ?? 3000);
const SEED = Number(process.env.WHERRY_TEST_SEED ?? 0xf00d);
const TIME = { timeout: 300_000 + ROUNDS * 50 };

/** What is refused has to be so by an error that people can read. @returns whether it was taken */
function taken(work: () => unknown, tale: string): boolean {
  try {
    work();
    return true;
  } catch (error) {
    expect(error, tale).toBeInstanceOf(WherryError);
    return false;
  }
}

const image = imageOf([[{ name: 'a', body: 'a' }], [{ name: 'b', body: 'b' }]]);
const manifest = JSON.parse(image.blob(image.tags.get('latest')?.digest ?? '').toString()) as {
  readonly config: { readonly digest: string };
};
const config: unknown = JSON.parse(image.blob(manifest.config.digest).toString());
const index = {
  schemaVersion: 2,
  mediaType: MEDIA_TYPES.oci.index,
  manifests: [
    { ...image.tags.get('latest'), platform: { os: 'linux', architecture: 'amd64', variant: 'v1' } },
  ],
};

describe(`mutated documents (seed ${SEED})`, () => {
  it.each([
    ['manifests', manifest, MEDIA_TYPES.oci.manifest],
    ['indexes', index, MEDIA_TYPES.docker.index],
  ] as const)('of %s are parsed or refused', TIME, (_, document, mediaType) => {
    const random = randomness(SEED);
    let good = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const text = Buffer.from(JSON.stringify(mutateJson(document, random)) ?? '');
      const data = random(3) === 0 ? mutateBytes(text, random) : text;
      if (taken(() => parseManifest('x', data, random(2) === 0 ? mediaType : ''), `round ${round}`))
        good += 1;
    }
    expect(good).toBeGreaterThan(0);
    expect(good).toBeLessThan(ROUNDS);
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });

  it('of configurations are parsed or refused, and what is parsed can be told', TIME, () => {
    const random = randomness(SEED);
    let good = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const text = JSON.stringify(mutateJson(config, random)) ?? '';
      const data = random(3) === 0 ? mutateBytes(Buffer.from(text), random).toString() : text;
      if (!taken(() => parseConfig('x', data, 2), `round ${round}`)) continue;
      expect(taken(() => parseHistory(data, [1, 2]), `history of round ${round}`)).toBe(true);
      good += 1;
    }
    expect(good).toBeGreaterThan(0);
    expect(good).toBeLessThan(ROUNDS);
  });
});

describe(`mutated archives (seed ${SEED})`, () => {
  it('are read to their end or refused, in whatever pieces they come', TIME, () => {
    const random = randomness(SEED);
    const archives = FEATURE_LAYERS.map((entries) => tar(entries)).filter(({ length }) => length < 1 << 20);
    let good = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const archive = mutateTar(archives[random(archives.length)] ?? Buffer.alloc(0), random);
      let content = 0;
      const reader = new TarReader({
        entry: () => undefined,
        data: (bytes) => {
          content += bytes.length;
        },
        hole: () => undefined,
      });
      const size = random(3000) + 1;
      try {
        for (let at = 0; at < archive.length; at += size) reader.write(archive.subarray(at, at + size));
        reader.end();
        good += 1;
      } catch (error) {
        expect(error, `round ${round}`).toBeInstanceOf(TarError);
      }
      // Nothing is handed on that wasn't there.
      expect(content).toBeLessThanOrEqual(archive.length);
    }
    expect(good).toBeGreaterThan(0);
    expect(good).toBeLessThan(ROUNDS);
  });

  it('that are compressed are decompressed or refused', TIME, async () => {
    const random = randomness(SEED);
    const plain = tar([{ name: 'file', body: 'content '.repeat(2000) }]);
    const blobs = [gzipSync(plain), zstdCompressSync(plain)];
    for (let round = 0; round < ROUNDS / 10; round += 1) {
      const blob = mutateBytes(blobs[random(2)] ?? plain, random);
      let size = 0;
      async function* source(): AsyncGenerator<Uint8Array> {
        for (let at = 0; at < blob.length; at += 100) yield blob.subarray(at, at + 100);
      }
      try {
        for await (const piece of decompress(source(), 'layer x', { maxSize: 1 << 20 })) size += piece.length;
      } catch (error) {
        expect(error, `round ${round}`).toBeInstanceOf(WherryError);
      }
      expect(size).toBeLessThanOrEqual(1 << 20);
    }
  });

  it('of images are loaded or refused, and leave nothing behind', TIME, async () => {
    const random = randomness(SEED);
    using test = new TestImages();
    let good = 0;
    for (let round = 0; round < ROUNDS / 10; round += 1) {
      const archive = random(2) === 0 ? dockerArchive(random) : ociArchive(random);
      const whole = random(2) === 0 ? mutateTar(archive, random) : archive;
      async function* source(): AsyncGenerator<Uint8Array> {
        yield whole;
      }
      try {
        const loaded = await test.images.load({ source: source() });
        good += 1;
        for (const { id } of loaded) await test.images.remove(id, { force: true });
      } catch (error) {
        expect(error, `round ${round}`).toBeInstanceOf(WherryError);
        for (const { id } of test.images.list()) await test.images.remove(id, { force: true });
      }
      expect(test.unfinished, `round ${round}`).toEqual([]);
    }
    await test.images.collect();
    expect(test.blobs).toEqual([]);
    expect(good).toBeGreaterThan(0);
  });
});

const LAYER = tar([{ name: 'file', body: 'content' }]);

/** The documents of an archive as they are, or mutated. */
function dockerArchive(random: (below: number) => number): Buffer {
  const settings = {
    os: 'linux',
    architecture: 'amd64',
    rootfs: { type: 'layers', diff_ids: [sha256(LAYER)] },
  };
  const list = [{ Config: 'config.json', RepoTags: ['a:1'], Layers: ['l/layer.tar'] }];
  const some = (value: unknown) => JSON.stringify(random(2) === 0 ? mutateJson(value, random) : value) ?? '';
  return tar([
    { name: 'config.json', body: some(settings) },
    { name: 'l/layer.tar', body: LAYER },
    { name: 'm/layer.tar', type: 'symlink', linkname: '../l/layer.tar' },
    { name: 'manifest.json', body: some(list) },
  ]);
}

function ociArchive(random: (below: number) => number): Buffer {
  const entries = [...image.blobs].map(([digest, body]) => ({
    name: `blobs/${digest.replace(':', '/')}`,
    body,
  }));
  const list = {
    schemaVersion: 2,
    manifests: [{ ...image.tags.get('latest'), annotations: { 'org.opencontainers.image.ref.name': 'b:1' } }],
  };
  const some = random(2) === 0 ? mutateJson(list, random) : list;
  return tar([
    ...entries,
    { name: 'index.json', body: JSON.stringify(some) ?? '' },
    { name: 'oci-layout', body: '{"imageLayoutVersion":"1.0.0"}' },
  ]);
}
