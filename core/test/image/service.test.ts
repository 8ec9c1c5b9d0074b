import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { imageOf } from '../../../test/support/broken-images.ts';
import { FaultyRegistry } from '../../../test/support/faulty-registry.ts';
import { type ImageStore, layer } from '../../../test/support/image-store.ts';
import { tar } from '../../../test/support/tar.ts';
import { sha256 } from '../../src/blob/digest.ts';
import { ImageTable } from '../../src/image/table.ts';
import { parseReference, withDefaultTag } from '../../src/reference/reference.ts';
import { TestImages } from './images.ts';
import { MemoryLayers } from './memory-layers.ts';

const file = (name: string) => ({ name, body: `${name}\n` });

/** An image `a` (tags 1 and 2) and an image `b` that share their bottom layer, pulled. */
async function pulled() {
  const base = layer(tar([file('base')]));
  const image = (name: string): ImageStore => imageOf([[file(name)]], [base]);
  const a = image('a');
  const descriptor = a.tags.get('latest');
  if (descriptor !== undefined) a.tag('1', descriptor).tag('2', descriptor);
  const registry = await FaultyRegistry.start({ images: { a, b: image('b') } });
  const memory = new MemoryLayers();
  const test = new TestImages(memory);
  const { host } = registry;
  const ids = {
    a: (await test.images.pull({ reference: `${host}/a:1` })).id,
    b: (await test.images.pull({ reference: `${host}/b` })).id,
  };
  await test.images.pull({ reference: `${host}/a:2` });
  return {
    test,
    memory,
    host,
    ids,
    [Symbol.asyncDispose]: async () => {
      test[Symbol.dispose]();
      await registry.stop();
    },
  };
}

describe('finding', () => {
  it('by name, id, the beginning of an id, and digest', async () => {
    await using setUp = await pulled();
    const { test, host, ids } = setUp;
    const { digest } = test.images.list().find(({ id }) => id === ids.a) ?? { digest: '' };
    const hex = ids.a.slice('sha256:'.length);
    for (const text of [
      `${host}/a:1`,
      `${host}/a@${digest}`,
      `${host}/a:ignored@${digest}`,
      ids.a,
      hex,
      hex.slice(0, 12),
      `sha256:${hex.slice(0, 20)}`,
    ]) {
      expect(test.images.resolve(text).id, text).toBe(ids.a);
    }
  });

  it.each([
    ['nothing', 'nothing:latest'],
    ['localhost:1/x:y', 'localhost:1/x:y'],
    [`sha256:${'0'.repeat(64)}`, `sha256:${'0'.repeat(64)}`],
  ])('%s in vain, in Docker’s words', async (text, shown) => {
    using test = new TestImages();
    expect(() => test.images.resolve(text)).toThrow(
      expect.objectContaining({ code: 'E_IMAGE_NOT_FOUND', message: `No such image: ${shown}` }),
    );
  });

  it('by the beginning of several ids is refused', async () => {
    using test = new TestImages();
    // Twenty images share a first digit at least once.
    const stores = Object.fromEntries(
      Array.from({ length: 20 }, (_, index) => [`i${index}`, imageOf([[file(`${index}`)]])]),
    );
    await using registry = await FaultyRegistry.start({ images: stores });
    for (const name of Object.keys(stores)) await test.images.pull({ reference: `${registry.host}/${name}` });
    const digits = test.images.list().map(({ id }) => id.charAt('sha256:'.length));
    const twice = digits.find((digit, index) => digits.indexOf(digit) !== index) ?? '';
    expect(() => test.images.resolve(twice)).toThrow(expect.objectContaining({ code: 'E_IMAGE_AMBIGUOUS' }));
  });

  it('a reference that is none', () => {
    using test = new TestImages();
    expect(() => test.images.resolve('a//b')).toThrow(
      expect.objectContaining({ code: 'E_INVALID_REFERENCE' }),
    );
  });
});

describe('removing', () => {
  it('a name leaves the image to its other names', async () => {
    await using setUp = await pulled();
    const { test, host, ids } = setUp;
    expect(await test.images.remove(`${host}/a:1`, {})).toEqual({ untagged: [`${host}/a:1`], deleted: [] });
    expect(test.images.resolve(`${host}/a:2`).id).toBe(ids.a);
  });

  it('the last name takes the image along, and leaves what others share', async () => {
    await using setUp = await pulled();
    const { test, memory, host, ids } = setUp;
    const [base, own] = test.images.resolve(ids.a).chain;
    await test.images.remove(`${host}/a:1`, {});
    const { untagged, deleted } = await test.images.remove(`${host}/a:2`, {});
    expect(untagged).toEqual([`${host}/a:2`, expect.stringMatching(`^${host}/a@sha256:`)]);
    expect(deleted).toEqual([ids.a, own]);
    expect(memory.has(base ?? '')).toBe(true);
    expect(memory.has(own ?? '')).toBe(false);
    expect(test.images.list().map(({ id }) => id)).toEqual([ids.b]);
    expect(test.blobs).toHaveLength(4);
    await test.images.remove(ids.b, {});
    expect(memory.tars.size).toBe(0);
    expect(test.blobs).toEqual([]);
    expect(test.unfinished).toEqual([]);
    expect(JSON.parse(readFileSync(join(test.root, 'images/index.json'), 'utf8')).manifests).toEqual([]);
  });

  it('by id takes all names of a repository', async () => {
    await using setUp = await pulled();
    const { test, ids } = setUp;
    expect((await test.images.remove(ids.a.slice(7, 19), {})).untagged).toHaveLength(3);
  });

  it('is refused while a container uses it, which is named', async () => {
    await using setUp = await pulled();
    const { test, memory, host, ids } = setUp;
    const top = test.images.resolve(ids.b).chain.at(-1) ?? '';
    test.addContainer('c'.repeat(64), ids.b, top);
    const refusal = (words: RegExp) =>
      expect.objectContaining({ code: 'E_IMAGE_IN_USE', message: expect.stringMatching(words) });
    await expect(test.images.remove(`${host}/b`, {})).rejects.toEqual(
      refusal(/must be forced.*stopped container cccccccccccc \(name-c+\)/),
    );
    test.running.add('c'.repeat(64));
    await expect(test.images.remove(`${host}/b`, { force: true })).rejects.toEqual(
      refusal(/cannot be forced.*running/),
    );
    test.running.clear();
    await test.images.remove(`${host}/b`, { force: true });
    expect(memory.has(top)).toBe(true);
    test.store.database.run('DELETE FROM container');
    await test.images.collect();
    expect(memory.has(top)).toBe(false);
  });

  it('what is not there', async () => {
    using test = new TestImages();
    await expect(test.images.remove('nothing', {})).rejects.toMatchObject({ code: 'E_IMAGE_NOT_FOUND' });
  });
});

describe('the starter image', () => {
  it.each(['wherry/hello', 'docker.io/wherry/hello', 'wherry/hello:latest'])(
    'is made without a registry: %s',
    async (reference) => {
      const memory = new MemoryLayers();
      using test = new TestImages(memory);
      const { id } = await test.images.pull({ reference });
      const image = test.images.resolve('wherry/hello');
      expect(image).toMatchObject({ id, config: { Cmd: ['/hello'], Env: ['PATH=/bin'] } });
      const [tarball] = [...memory.tars.values()];
      expect(tarball?.includes('program hello')).toBe(true);
      expect(test.images.list()).toMatchObject([{ repository: 'wherry/hello', tag: 'latest' }]);
    },
  );

  it('is the same each time', async () => {
    using one = new TestImages();
    using two = new TestImages();
    const request = { reference: 'wherry/hello' };
    expect(await one.images.pull(request)).toEqual(await two.images.pull(request));
    expect(await one.images.pull(request)).toEqual(await two.images.pull(request));
    expect(one.images.list()).toHaveLength(1);
  });

  it('can be removed and made again', async () => {
    using test = new TestImages();
    await test.images.pull({ reference: 'wherry/hello' });
    await test.images.remove('wherry/hello', {});
    expect(test.blobs).toEqual([]);
    await test.images.pull({ reference: 'wherry/hello' });
    expect(test.images.list()).toHaveLength(1);
  });
});

describe('index.json', () => {
  it('is brought up to date by the next command when a process died before it was', async () => {
    await using setUp = await pulled();
    const { test } = setUp;
    const index = join(test.root, 'images/index.json');
    const names = () =>
      (
        JSON.parse(readFileSync(index, 'utf8')) as { manifests: { annotations: Record<string, string> }[] }
      ).manifests.map(({ annotations }) => annotations['io.containerd.image.name']);
    expect(names()).toHaveLength(3);
    // What a process does that is killed between the two.
    test.store.database.run("DELETE FROM image_name WHERE name LIKE '%/a:1'");
    test.store.database.run('UPDATE layout SET generation = generation + 1');
    expect(names()).toHaveLength(3);
    test.images.list();
    expect(names()).toHaveLength(2);
    expect(existsSync(join(test.root, 'images/oci-layout'))).toBe(true);
  });
});

describe('images that others were made of', () => {
  /** `grand` and `parent` have lost their names; `child` is made of the one, `other` of the other. */
  const family = () => {
    const test = new TestImages();
    const table = new ImageTable(test.store.database);
    const make = (name: string, parent?: string): string => {
      const id = sha256(name);
      const manifest = { digest: sha256(`manifest of ${name}`), mediaType: 'x', size: 1 };
      const platform = { os: 'linux', architecture: 'amd64' };
      const created = '2024-01-01T00:00:00Z';
      table.putNamed({ id, manifest, platform, created, config: {}, layers: [], size: 1 }, [
        withDefaultTag(parseReference(name)),
      ]);
      if (parent !== undefined) table.noteParent(id, parent);
      return id;
    };
    const grand = make('grand');
    const parent = make('parent', grand);
    const child = make('child', parent);
    return { test, table, grand, parent, child, make };
  };
  const remove = ({ test }: ReturnType<typeof family>, name: string, options = {}) =>
    test.images.remove(name, options);

  it('stay without a name, hidden, and go with the last of those', async () => {
    const all = family();
    using test = all.test;
    expect(await remove(all, 'grand')).toEqual({ untagged: ['grand:latest'], deleted: [] });
    expect(await remove(all, 'parent')).toEqual({ untagged: ['parent:latest'], deleted: [] });
    expect(test.images.list().map(({ id, intermediate }) => [id, intermediate])).toEqual(
      expect.arrayContaining([
        [all.child, false],
        [all.parent, true],
        [all.grand, true],
      ]),
    );
    expect(await test.images.inspect('child')).toMatchObject({
      Parent: all.parent,
      RepoTags: ['child:latest'],
    });
    await expect(remove(all, all.parent, { force: true })).rejects.toMatchObject({
      message: expect.stringContaining('(cannot be forced) - image has dependent child images'),
    });
    expect((await test.images.prune({})).deleted).toEqual([]);
    const other = all.make('other', all.grand);
    expect((await remove(all, 'child')).deleted).toEqual([all.child, all.parent]);
    expect((await remove(all, 'other')).deleted).toEqual([other, all.grand]);
    expect(test.images.list()).toEqual([]);
  });

  it('stay when they have a name or a container, or are to be kept, and go with a prune', async () => {
    const all = family();
    using test = all.test;
    await remove(all, 'parent');
    expect((await remove(all, 'child', { keepParents: true })).deleted).toEqual([all.child]);
    expect(test.images.list().map(({ intermediate }) => intermediate)).toEqual([false, false]);
    expect((await test.images.prune({})).deleted).toEqual([all.parent]);
    all.make('parent', all.grand);
    const child = all.make('child', all.parent);
    await remove(all, 'parent');
    await remove(all, 'grand');
    test.addContainer('c', all.grand, null);
    expect((await test.images.prune({ all: true })).deleted).toEqual([child, all.parent]);
    expect(test.images.list().map(({ id }) => id)).toEqual([all.grand]);
  });
});
