import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { imageOf } from '../../../test/support/broken-images.ts';
import { FaultyRegistry } from '../../../test/support/faulty-registry.ts';
import { layer } from '../../../test/support/image-store.ts';
import { tar } from '../../../test/support/tar.ts';
import type { PullEvent } from '../../src/api.ts';
import { Lease } from '../../src/store/lease.ts';
import { TestImages } from './images.ts';

const file = (name: string) => ({ name, body: `${name}\n` });

async function drained(pieces: AsyncIterable<Uint8Array>): Promise<number> {
  let size = 0;
  for await (const piece of pieces) size += piece.length;
  return size;
}

/** Two images that share a layer, pulled, and their compressed layers given up. */
async function dropped() {
  const base = layer(tar([file('base')]));
  const images = { a: imageOf([[file('a')]], [base]), b: imageOf([[file('b')]], [base]) };
  const registry = await FaultyRegistry.start({ images });
  const test = new TestImages();
  const names = { a: `${registry.host}/a`, b: `${registry.host}/b` };
  for (const reference of Object.values(names)) await test.images.pull({ reference });
  const before = test.blobs.length;
  const gone = await test.images.dropBlobs();
  return {
    test,
    registry,
    names,
    before,
    gone,
    [Symbol.asyncDispose]: async () => {
      test[Symbol.dispose]();
      await registry.stop();
    },
  };
}

describe('compressed layers that a registry has, too', () => {
  it('are given up, each once, and everything that only reads goes on', async () => {
    await using setUp = await dropped();
    const { test, names, before, gone } = setUp;
    expect(gone.digests).toHaveLength(3);
    expect(gone.reclaimed).toBeGreaterThan(0);
    // Two configurations and two manifests stay.
    expect(before).toBe(7);
    expect(test.blobs).toHaveLength(4);
    expect(await test.images.inspect(names.a)).toMatchObject({ Architecture: 'amd64' });
    expect(await test.images.history(names.a)).toHaveLength(2);
    expect(await test.images.dropBlobs()).toEqual({ digests: [], reclaimed: 0 });
  });

  it('are not fetched by a pull of what is here', async () => {
    await using setUp = await dropped();
    const { test, names } = setUp;
    const events: PullEvent[] = [];
    await test.images.pull({ reference: names.a, onEvent: (event) => events.push(event) });
    expect(events.at(-1)).toMatchObject({ status: 'up-to-date' });
    expect(test.blobs).toHaveLength(4);
  });

  it('count as there for another image with them', async () => {
    await using setUp = await dropped();
    const { test, registry, names } = setUp;
    await test.images.remove(names.b, {});
    await test.images.pull({ reference: `${registry.host}/b` });
    // Its own layer came, the shared one didn't.
    expect(test.blobs).toHaveLength(5);
  });

  it('are fetched again by save, with the same bytes', async () => {
    await using setUp = await dropped();
    const { test, names } = setUp;
    const size = await drained(test.images.save([names.a]));
    expect(test.blobs).toHaveLength(6);
    await test.images.remove(names.a, {});
    await test.images.pull({ reference: names.a });
    expect(await drained(test.images.save([names.a]))).toBe(size);
  });

  it('are missed with one sentence when the registry is gone', async () => {
    await using setUp = await dropped();
    const { test, registry, names } = setUp;
    await registry.stop();
    await expect(drained(test.images.save([names.a]))).rejects.toMatchObject({
      code: 'E_REGISTRY_UNREACHABLE',
    });
    expect(test.blobs).toHaveLength(4);
  });

  it('stay when something works with them, when no registry has them, and when they are not unpacked', async () => {
    const image = imageOf([[file('x')]]);
    await using registry = await FaultyRegistry.start({ images: { x: image } });
    using test = new TestImages();
    const reference = `${registry.host}/x`;
    const { id } = await test.images.pull({ reference });
    const lease = new Lease(test.store.database);
    const blob = image.tags.get('latest')?.digest ?? '';
    lease.hold(
      'blob',
      test.blobs.map((hex) => `sha256:${hex}`),
    );
    expect((await test.images.dropBlobs()).digests).toEqual([]);
    lease.release();
    await test.images.tag(id, 'mine:1');
    await test.images.remove(reference, {});
    expect((await test.images.dropBlobs()).digests).toEqual([]);
    await test.images.pull({ reference });
    test.store.database.run('DELETE FROM layer');
    expect((await test.images.dropBlobs()).digests).toEqual([]);
    expect(existsSync(`${test.root}/images/blobs/${blob.replace(':', '/')}`)).toBe(true);
  });

  it('are forgotten with their images', async () => {
    await using setUp = await dropped();
    const { test, names } = setUp;
    for (const name of Object.values(names)) await test.images.remove(name, {});
    expect(test.store.database.all('SELECT * FROM dropped_blob')).toEqual([]);
    expect(test.blobs).toEqual([]);
  });
});
