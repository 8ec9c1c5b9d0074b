import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { imageOf } from '../../../test/support/broken-images.ts';
import {
  FaultyRegistry,
  type FaultyRegistryOptions,
  type RecordedRequest,
} from '../../../test/support/faulty-registry.ts';
import { ImageStore, layer, MEDIA_TYPES } from '../../../test/support/image-store.ts';
import { tar } from '../../../test/support/tar.ts';
import type { PushEvent } from '../../src/api.ts';
import { TestImages } from './images.ts';

const SIZE = 20 << 20;
const image = () => imageOf([[{ name: 'a', body: 'a' }], [{ name: 'b', body: 'b' }]]);
/** One that is large on the wire: its layer isn't compressed. */
const large = (): ImageStore => {
  const store = new ImageStore();
  const layers = [layer(tar([{ name: 'big', body: Buffer.alloc(SIZE, 'x') }]), 'none')];
  return store.tag('latest', store.addImage({ layers }));
};

interface Pushing {
  readonly registry: FaultyRegistry;
  readonly test: TestImages;
  readonly events: PushEvent[];
  readonly digest: string;
  push(reference: string): Promise<{ readonly digest: string }>;
  uploads(): RecordedRequest[];
}

/** An image that was pulled from `a/b` of a registry, to be pushed to another repository of it. */
async function pulled(
  store: ImageStore,
  options: FaultyRegistryOptions,
  work: (pushing: Pushing) => Promise<void>,
): Promise<void> {
  await using source = await FaultyRegistry.start({ images: { 'a/b': store } });
  await using registry = await FaultyRegistry.start(options);
  using test = new TestImages();
  const { digest } = await test.images.pull({ reference: `${source.host}/a/b` });
  const events: PushEvent[] = [];
  const push = async (name: string) => {
    const reference = `${registry.host}/${name}`;
    await test.images.tag(`${source.host}/a/b`, reference);
    return test.images.push({ reference, onEvent: (event) => events.push(event) });
  };
  const uploads = () => registry.requests.filter(({ endpoint }) => endpoint === 'upload');
  await work({ registry, test, events, digest, push, uploads });
}

/** The same image, every byte of it. */
function expectIdentical(registry: FaultyRegistry, repository: string, tag: string, store: ImageStore): void {
  const copy = registry.images(repository);
  expect(copy?.tags.get(tag)).toMatchObject({ digest: store.tags.get('latest')?.digest });
  for (const [digest, data] of store.blobs) expect(copy?.blobs.get(digest)?.equals(data), digest).toBe(true);
}

describe('a push', () => {
  it('sends what was pulled byte for byte, and nothing the second time', async () => {
    const store = image();
    await pulled(store, {}, async ({ registry, push, events, digest, uploads }) => {
      expect(await push('c/d:1')).toEqual({ digest });
      expectIdentical(registry, 'c/d', '1', store);
      expect(events.at(-1)).toMatchObject({ kind: 'pushed', tag: '1', digest });
      const before = uploads().length;
      await push('c/d:2');
      expect(uploads()).toHaveLength(before);
      const states = events.flatMap((event) => (event.kind === 'layer' ? [event.state] : []));
      expect(states.filter((state) => state === 'pushed')).toHaveLength(2);
      expect(states.filter((state) => state === 'exists')).toHaveLength(2);
    });
  });

  it('of all tags', async () => {
    await pulled(image(), {}, async ({ registry, test, push }) => {
      await push('c/d:1');
      await test.images.tag(`${registry.host}/c/d:1`, `${registry.host}/c/d:2`);
      await test.images.push({ reference: `${registry.host}/c/d`, allTags: true });
      expect([...(registry.images('c/d')?.tags.keys() ?? [])]).toEqual(['1', '2']);
    });
  });

  it('mounts what another repository of the registry has', async () => {
    await pulled(image(), {}, async ({ registry, push, events, uploads }) => {
      await push('c/d:1');
      const before = uploads().length;
      await push('e/f:1');
      expect(events.filter((event) => event.kind === 'layer' && event.state === 'mounted')).toMatchObject([
        { detail: 'c/d' },
        { detail: 'c/d' },
      ]);
      const sent = uploads()
        .slice(before)
        .filter(({ method }) => method === 'PUT');
      expect(sent).toHaveLength(1); // The configuration isn't asked a mount for.
      expect(registry.images('e/f')?.tags.has('1')).toBe(true);
    });
  });

  it('goes on with the upload that a refused mount has begun', async () => {
    await pulled(image(), {}, async ({ registry, push, uploads }) => {
      await push('c/d:1');
      // The other repository has lost its blobs since.
      registry.images('c/d')?.blobs.clear();
      const before = uploads().length;
      await push('e/f:1');
      const begun = uploads()
        .slice(before)
        .filter(({ method }) => method === 'POST');
      expect(begun.filter(({ path }) => path.includes('mount='))).toHaveLength(2);
      // The configuration isn't asked a mount for.
      expect(begun).toHaveLength(3);
    });
  });

  it('leaves out a layer that its manifest has elsewhere', async () => {
    const store = new ImageStore();
    const layers = [layer(tar([{ name: 'own' }])), layer(tar([{ name: 'foreign' }]))];
    const { digest } = store.addImage({ layers });
    const manifest = JSON.parse(store.blob(digest).toString());
    manifest.layers[1].mediaType = 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip';
    manifest.layers[1].urls = ['https://example.org/layer'];
    store.tag('latest', store.addJson(MEDIA_TYPES.oci.manifest, manifest));
    await pulled(store, {}, async ({ registry, push, events }) => {
      await push('c/d:1');
      expect(registry.images('c/d')?.blobs.has(manifest.layers[1].digest)).toBe(false);
      expect(events.filter((event) => event.kind === 'layer' && event.state === 'foreign')).toHaveLength(1);
    });
  });
});

describe('an upload', () => {
  it('goes in pieces where the registry says how small one may be', async () => {
    const store = large();
    await pulled(store, { uploads: { chunkMinimum: 1 << 20 } }, async ({ registry, push, uploads }) => {
      await push('c/d:1');
      expectIdentical(registry, 'c/d', '1', store);
      const pieces = uploads().filter(({ method, length }) => method === 'PATCH' && length > 1 << 20);
      expect(pieces.map(({ headers }) => headers['content-range'])).toHaveLength(2);
      expect(pieces[0]?.headers['content-range']).toBe(`0-${(16 << 20) - 1}`);
      expect(pieces[1]?.headers['content-range']).toMatch(new RegExp(`^${16 << 20}-`));
    });
  });

  it('goes in pieces where the whole is too large', async () => {
    const store = large();
    await pulled(store, { uploads: { maxBody: 17 << 20 } }, async ({ registry, push, uploads }) => {
      await push('c/d:1');
      expectIdentical(registry, 'c/d', '1', store);
      expect(uploads().filter(({ status }) => status === 413)).toHaveLength(1);
    });
  });

  it('goes on after a cut where it stopped', async () => {
    const store = large();
    const cut = { on: /uploads\/\d+\?.*digest=/, kind: 'cut-request', after: 9 << 20, times: 1 } as const;
    await pulled(store, { rules: [cut] }, async ({ registry, push, uploads, events }) => {
      await push('c/d:1');
      expectIdentical(registry, 'c/d', '1', store);
      const rest = uploads().find(({ method }) => method === 'PATCH');
      expect(rest?.headers['content-range']).toMatch(new RegExp(`^${9 << 20}-`));
      const shown = events.flatMap((event) =>
        event.kind === 'layer' && event.current ? [event.current] : [],
      );
      expect(shown.at(-1)).toBe(Math.max(...[...store.blobs.values()].map(({ length }) => length)));
    });
  });

  it('begins anew where the registry has forgotten it', async () => {
    const store = image();
    await pulled(
      store,
      {
        rules: [
          { on: /uploads\/\d+\?.*digest=/, kind: 'cut-request', after: 1, times: 1 },
          { on: /uploads\/\d+\?state=\d+$/, kind: 'answer', status: 404, times: 1 },
        ],
      },
      async ({ registry, push }) => {
        await push('c/d:1');
        expectIdentical(registry, 'c/d', '1', store);
      },
    );
  });

  it('goes in pieces after a cut where nothing of the whole is kept', async () => {
    const store = large();
    const rules = [
      { on: /uploads\/\d+\?.*digest=/, kind: 'cut-request', after: 9 << 20, times: 1 },
      { on: /uploads\/1\?state=\d+$/, kind: 'answer', status: 404, times: 1 },
      { on: /uploads\/2\?state=[1-9]\d*$/, kind: 'cut-request', after: 1 << 20, times: 1 },
    ] as const;
    await pulled(store, { rules }, async ({ registry, push, uploads }) => {
      await push('c/d:1');
      expectIdentical(registry, 'c/d', '1', store);
      const pieces = uploads().filter(({ method }) => method === 'PATCH');
      const starts = pieces.map(({ headers }) => Number.parseInt(String(headers['content-range']), 10));
      expect(starts).toEqual([0, 16 << 20, 17 << 20]);
    });
  });

  it('goes as a whole again where pieces are unknown', async () => {
    const store = large();
    const rules = [
      { on: /uploads\/\d+\?.*digest=/, kind: 'cut-request', after: 9 << 20, times: 1 },
      { on: /uploads\/1\?state=\d+$/, kind: 'answer', status: 404, times: 1 },
      { on: /uploads\/2\?state=0$/, kind: 'answer', status: 405, times: 1 },
    ] as const;
    await pulled(store, { rules }, async ({ registry, push, uploads }) => {
      await push('c/d:1');
      expectIdentical(registry, 'c/d', '1', store);
      expect(uploads().filter(({ method }) => method === 'PATCH')).toHaveLength(1);
    });
  });

  it.each([
    { on: 'upload', kind: 'answer', status: 429, headers: { 'retry-after': '0' }, times: 2 },
    { on: 'upload', kind: 'answer', status: 503, times: 2 },
    { on: /digest=/, kind: 'answer', status: 502, times: 2 },
    { on: /manifests\/1/, kind: 'answer', status: 429, headers: { 'retry-after': '0' }, times: 2 },
  ] as const)('in spite of %o', async (rule) => {
    const store = image();
    await pulled(store, { rules: [rule] }, async ({ registry, push }) => {
      await push('c/d:1');
      expectIdentical(registry, 'c/d', '1', store);
    });
  });

  it('gives up after a bounded number of tries, and ends the others', async () => {
    const cut = { on: /digest=/, kind: 'cut-request', after: 1 } as const;
    await pulled(image(), { rules: [cut] }, async ({ registry, push }) => {
      await expect(push('c/d:1')).rejects.toMatchObject({ code: 'E_REGISTRY_UNREACHABLE' });
      expect(registry.requests.length).toBeLessThan(40);
      expect(registry.images('c/d')?.tags.size ?? 0).toBe(0);
    });
  });
});

describe('who may push', () => {
  const user = { username: 'ann', password: 'secret' };
  const logIn = ({ test, registry }: Pushing, password = user.password) => {
    const auth = Buffer.from(`${user.username}:${password}`).toString('base64');
    writeFileSync(join(test.root, 'none.json'), JSON.stringify({ auths: { [registry.host]: { auth } } }));
  };

  it.each(['bearer', 'basic'] as const)('whom the registry knows: %s', async (scheme) => {
    const store = image();
    await pulled(store, { authentication: { scheme, user } }, async (pushing) => {
      logIn(pushing);
      await pushing.push('c/d:1');
      expectIdentical(pushing.registry, 'c/d', '1', store);
      await pushing.push('e/f:1');
      expectIdentical(pushing.registry, 'e/f', '1', store);
    });
  });

  it.each([
    ['bearer', 'wrong'],
    ['basic', 'wrong'],
    ['bearer', undefined],
    ['basic', undefined],
  ] as const)('nobody else: %s, password %s', async (scheme, password) => {
    await pulled(image(), { authentication: { scheme, user } }, async (pushing) => {
      if (password !== undefined) logIn(pushing, password);
      await expect(pushing.push('c/d:1')).rejects.toMatchObject({
        code: 'E_REGISTRY_AUTH',
        message: expect.stringMatching(/^Push access denied for .*c\/d: .*log in/),
        hint: expect.stringContaining(`wherry login ${pushing.registry.host}`),
      });
      expect(pushing.registry.requests.length).toBeLessThan(20);
    });
  });

  it('a registry that takes none of its own tokens is given up', async () => {
    await pulled(image(), { authentication: { scheme: 'bearer-loop' } }, async ({ push, registry }) => {
      await expect(push('c/d:1')).rejects.toMatchObject({ code: 'E_REGISTRY_AUTH' });
      expect(registry.requests.length).toBeLessThan(30);
    });
  });

  it('a refusal to write is told in the registry’s words', async () => {
    const body = '{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}';
    const rule = { on: 'upload', kind: 'answer', status: 403, body } as const;
    await pulled(image(), { rules: [rule] }, async ({ push }) => {
      await expect(push('c/d:1')).rejects.toMatchObject({
        code: 'E_REGISTRY_AUTH',
        message: expect.stringContaining('requested access to the resource is denied'),
      });
    });
  });
});
