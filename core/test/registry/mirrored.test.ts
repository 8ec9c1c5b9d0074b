import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { imageOf } from '../../../test/support/broken-images.ts';
import { FaultyRegistry, type Rule, refusingHost } from '../../../test/support/faulty-registry.ts';
import type { Descriptor } from '../../../test/support/image-store.ts';
import { MirroredRepository } from '../../src/registry/mirrored.ts';

const home = mkdtempSync(join(tmpdir(), 'wherry-mirrors-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const image = imageOf([[{ name: 'file', body: 'x'.repeat(300_000) }]]);
const top = image.tags.get('latest')?.digest ?? '';
const layer: Descriptor = JSON.parse(image.blob(top).toString()).layers[0];

const serving = (images: Record<string, typeof image>, ...rules: Rule[]) =>
  FaultyRegistry.start({ images, rules });

function repository(
  origin: string,
  mirrors: readonly string[],
  passedOver: string[] = [],
): MirroredRepository {
  return new MirroredRepository(
    { domain: origin, path: 'a/b' },
    {
      env: { HOME: home, REGISTRY_AUTH_FILE: join(home, 'none.json') },
      uid: 0,
      retry: { attempts: 3, firstMs: 1, longestMs: 1 },
      mirrors: { [origin]: mirrors },
      onFallback: (mirror) => passedOver.push(mirror),
    },
  );
}

async function download(from: MirroredRepository): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of from.blob(layer)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

it('the first mirror that has an image gives it, and the registry isn’t asked', async () => {
  await using mirror = await serving({ 'hub/a/b': image });
  await using origin = await serving({ 'a/b': image });
  await using from = repository(origin.host, [`http://${mirror.host}/hub/`]);
  expect((await from.manifest('latest')).digest).toBe(top);
  expect(await from.manifestDigest('latest')).toBe(top);
  expect(await from.tags()).toEqual(['latest']);
  expect(await download(from)).toEqual(image.blob(layer.digest));
  expect(origin.requests).toEqual([]);
});

it('one that is down is asked once, one that lacks something each time', async () => {
  const down = await refusingHost();
  await using empty = await serving({});
  await using origin = await serving({ 'a/b': image });
  const passedOver: string[] = [];
  await using from = repository(origin.host, [down, empty.host], passedOver);
  expect(await from.manifestDigest('latest')).toBe(top);
  expect((await from.manifest('latest')).digest).toBe(top);
  expect(await download(from)).toEqual(image.blob(layer.digest));
  expect(passedOver).toEqual([down, empty.host, empty.host]);
});

it('one that breaks off in the middle of a layer is gone on from by the next', async () => {
  await using cut = await serving({ 'a/b': image }, { on: 'blob', kind: 'cut', after: 100 });
  await using ill = await serving({ 'a/b': image }, { on: 'blob', kind: 'answer', status: 500 });
  await using origin = await serving({ 'a/b': image });
  const passedOver: string[] = [];
  await using from = repository(origin.host, [cut.host, ill.host], passedOver);
  expect(await download(from)).toEqual(image.blob(layer.digest));
  expect(passedOver).toEqual([cut.host, ill.host]);
  // A mirror gets fewer tries than the registry would.
  expect(cut.requests).toHaveLength(2);
});

it('what the registry itself says at last is what is told', async () => {
  await using empty = await serving({});
  await using origin = await serving({ 'a/b': image });
  await using from = repository(origin.host, [empty.host]);
  await expect(from.manifest('none')).rejects.toMatchObject({
    code: 'E_MANIFEST_NOT_FOUND',
    message: expect.stringContaining(`${origin.host}/a/b:none`),
  });
});
