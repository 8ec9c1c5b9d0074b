import type { VolumeSummary } from '@wherry/core/api';
import { describe, expect, it } from 'vitest';
import { renderList } from '../../src/format/list.ts';
import { filterVolumes, inspectedVolume, pruneSelection, VOLUME_LIST } from '../../src/format/volumes.ts';

function volume(name: string, change: Partial<VolumeSummary> = {}): VolumeSummary {
  return {
    name,
    driver: 'local',
    scope: 'local',
    mountpoint: `/v/${name}/_data`,
    created: '2026-01-02T03:04:05.000000000Z',
    anonymous: false,
    labels: {},
    options: {},
    links: 0,
    ...change,
  };
}

const used = volume('used', { links: 1, labels: { env: 'prod', team: 'a' } });
const free = volume('free', { labels: { env: 'test' } });
const names = (all: readonly VolumeSummary[]) => all.map(({ name }) => name);

describe('volume ls', () => {
  it('is laid out as by Docker', async () => {
    const request = { items: [free, used], format: undefined, quiet: undefined };
    expect(await renderList(VOLUME_LIST, request)).toBe(
      'DRIVER    VOLUME NAME\nlocal     free\nlocal     used',
    );
    const quiet = { ...request, quiet: 'Name' };
    expect(await renderList(VOLUME_LIST, quiet)).toBe('free\nused');
    const format = '{{.Name}} {{.Label "env"}} {{.Mountpoint}}';
    expect(await renderList(VOLUME_LIST, { ...request, format })).toBe(
      'free test /v/free/_data\nused prod /v/used/_data',
    );
  });

  it.each([
    [['dangling=true'], ['free']],
    [['dangling=0'], ['used']],
    [['name=se'], ['used']],
    [
      ['name=fr', 'name=us'],
      ['used', 'free'],
    ],
    [['label=env'], ['used', 'free']],
    [['label=env=prod', 'label=team'], ['used']],
    [['driver=nfs'], []],
  ])('filters by %j', (filters, expected) => {
    expect(names(filterVolumes([used, free], filters))).toEqual(expected);
  });

  it.each([[['dangling=perhaps']], [['color=red']], [['name']]])('refuses the filter %j', (filters) => {
    expect(() => filterVolumes([], filters)).toThrow(expect.objectContaining({ code: 'E_FILTER' }));
  });
});

it('volume inspect shows what Docker shows', () => {
  expect(Object.entries(inspectedVolume(volume('x', { options: { type: 'tmpfs' } })))).toEqual([
    ['CreatedAt', '2026-01-02T03:04:05Z'],
    ['Driver', 'local'],
    ['Labels', null],
    ['Mountpoint', '/v/x/_data'],
    ['Name', 'x'],
    ['Options', { type: 'tmpfs' }],
    ['Scope', 'local'],
  ]);
});

describe('volume prune', () => {
  const anonymous = volume('anonymous', { anonymous: true, labels: { env: 'test' } });
  const chosen = (words: readonly string[], all = false) =>
    names([free, anonymous, used].filter(pruneSelection(words, all).select));

  it.each([
    [[], false, ['anonymous']],
    [[], true, ['free', 'anonymous', 'used']],
    [['all=1'], false, ['free', 'anonymous', 'used']],
    [['label=env=test'], true, ['free', 'anonymous']],
    [['label!=env=test'], true, ['used']],
    [['label!=team'], false, ['anonymous']],
  ])('with %j and -a %j takes %j', (words, all, expected) => {
    expect(chosen(words, all)).toEqual(expected);
  });
});
