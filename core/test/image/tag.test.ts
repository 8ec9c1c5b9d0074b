import { describe, expect, it } from 'vitest';
import { imageOf } from '../../../test/support/broken-images.ts';
import { FaultyRegistry } from '../../../test/support/faulty-registry.ts';
import { TestImages } from './images.ts';

async function pulled() {
  const names = { a: imageOf([[{ name: 'a', body: 'a' }]]), b: imageOf([[{ name: 'b', body: 'b' }]]) };
  const registry = await FaultyRegistry.start({ images: names });
  const test = new TestImages();
  const a = await test.images.pull({ reference: `${registry.host}/a` });
  const b = await test.images.pull({ reference: `${registry.host}/b` });
  return { registry, test, a, b, host: registry.host };
}

describe('tag', () => {
  it('adds a name, which moves to another image when asked', async () => {
    const { registry, test, a, b, host } = await pulled();
    await using _ = registry;
    using images = test;
    await images.images.tag(`${host}/a`, 'mine');
    expect(images.images.resolve('mine:latest').id).toBe(a.id);
    await images.images.tag(b.id, 'mine');
    expect(images.images.resolve('mine').id).toBe(b.id);
    expect(images.images.resolve(`${host}/a`).id).toBe(a.id);
    await expect(images.images.tag('mine', `x@${a.digest}`)).rejects.toMatchObject({
      code: 'E_INVALID_REFERENCE',
    });
    await expect(images.images.tag('nothing', 'x')).rejects.toMatchObject({ code: 'E_IMAGE_NOT_FOUND' });
  });
});

describe('prune', () => {
  it('takes what has no tag; with all, what no container uses', async () => {
    const { registry, test, a, b, host } = await pulled();
    await using _ = registry;
    using images = test;
    const size = images.blobs.length;
    expect(await images.images.prune({})).toEqual({ untagged: [], deleted: [], reclaimed: 0 });
    await images.images.tag(`${host}/b`, `${host}/a`);
    const { deleted, reclaimed } = await images.images.prune({});
    expect(deleted).toContain(a.id);
    expect(reclaimed).toBeGreaterThan(0);
    expect(images.blobs.length).toBeLessThan(size);
    images.addContainer('c', b.id, null);
    expect((await images.images.prune({ all: true })).deleted).toEqual([]);
    images.store.database.run('DELETE FROM container');
    expect((await images.images.prune({ all: true, until: '1970-01-02T00:00:00Z' })).deleted).toEqual([]);
    expect((await images.images.prune({ all: true })).deleted).toContain(b.id);
    expect(images.blobs).toEqual([]);
  });
});
