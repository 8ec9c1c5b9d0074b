import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { FaultyRegistry, refusingHost } from '../../../test/support/faulty-registry.ts';
import { ImageStore } from '../../../test/support/image-store.ts';
import { type SearchRequest, searchImages } from '../../src/registry/registries.ts';

const home = mkdtempSync(join(tmpdir(), 'wherry-search-'));
mkdirSync(join(home, '.config/wherry'), { recursive: true });
afterAll(() => rmSync(home, { recursive: true, force: true }));

const search = (term: string, more: Partial<SearchRequest> = {}) =>
  searchImages({ term, limit: 25, env: { HOME: home, REGISTRY_AUTH_FILE: join(home, 'none') }, ...more });
const configure = (registries: object) =>
  writeFileSync(join(home, '.config/wherry/config.json'), JSON.stringify({ registries }));

it('asks the way Docker Hub is asked', async () => {
  await using registry = await FaultyRegistry.start({
    searchResults: [
      {
        name: 'app',
        description: 'An\u001b[31m app\nof ours',
        star_count: 7,
        is_official: true,
        is_automated: false,
      },
      { name: 'app2', description: null, star_count: 0, is_official: false },
      { name: 'app3' },
    ],
  });
  expect(await search(`${registry.host}/app`, { limit: 2 })).toEqual([
    { name: `${registry.host}/app`, description: 'An [31m app of ours', stars: 7, official: true },
    { name: `${registry.host}/app2`, description: '', stars: 0, official: false },
  ]);
  expect(registry.requests.map(({ path }) => path)).toEqual(['/v1/search?q=app&n=2']);
});

it('looks through the catalog of a registry that knows no search', async () => {
  const images = Object.fromEntries(
    ['team/app', 'other', 'app/base'].map((name) => [name, new ImageStore()]),
  );
  const authentication = { scheme: 'bearer' } as const;
  await using registry = await FaultyRegistry.start({ images, authentication });
  const names = (await search(`${registry.host}/app`)).map(({ name }) => name);
  expect(names).toEqual([`${registry.host}/app/base`, `${registry.host}/team/app`]);
  expect(await search(`${registry.host}/`, { limit: 1 })).toHaveLength(1);
});

it('takes the next page of a catalog, and no page for ever', async () => {
  const link = (last: string) => ({ link: `</v2/_catalog?n=1&last=${last}>; rel="next"` });
  await using registry = await FaultyRegistry.start({
    rules: [
      { on: /last=a$/, kind: 'answer', status: 200, body: '{"repositories":["b"]}' },
      { on: 'catalog', kind: 'answer', status: 200, headers: link('a'), body: '{"repositories":["a"]}' },
    ],
  });
  expect((await search(`${registry.host}/`)).map(({ name }) => name)).toEqual([
    `${registry.host}/a`,
    `${registry.host}/b`,
  ]);
});

it('goes through the search order, and tells of a registry that is down', async () => {
  await using one = await FaultyRegistry.start({ images: { app: new ImageStore() } });
  await using two = await FaultyRegistry.start({ images: { app: new ImageStore() } });
  const down = await refusingHost();
  configure({ search: [one.host, down, two.host] });
  const failures: string[] = [];
  const found = await search('app', { onFailure: ({ code }) => failures.push(code) });
  expect(found.map(({ name }) => name)).toEqual([`${one.host}/app`, `${two.host}/app`]);
  expect(failures).toEqual(['E_REGISTRY_UNREACHABLE']);
  configure({ search: [down] });
  await expect(search('app')).rejects.toMatchObject({ code: 'E_REGISTRY_UNREACHABLE' });
  configure({ blocked: [one.host] });
  await expect(search(`${one.host}/app`)).rejects.toMatchObject({ code: 'E_REGISTRY_BLOCKED' });
});

it('says of a registry that can’t be searched', async () => {
  await using registry = await FaultyRegistry.start({
    rules: [{ on: /^\/v[12]\/(search|_catalog)/, kind: 'answer', status: 405 }],
  });
  await expect(search(`${registry.host}/x`)).rejects.toMatchObject({
    code: 'E_REGISTRY_REPLY',
    message: expect.stringContaining("can't be searched"),
  });
});
