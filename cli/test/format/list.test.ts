import type { Attachments, ContainerSummary, ImageSummary } from '@wherry/core/api';
import { describe, expect, it } from 'vitest';
import { filterContainers } from '../../src/format/container-filter.ts';
import { containerList } from '../../src/format/containers.ts';
import { filterImages, imageList } from '../../src/format/images.ts';
import { renderList } from '../../src/format/list.ts';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const ID = '0123456789ab'.padEnd(64, 'f');

const web: ContainerSummary = {
  id: ID,
  name: 'web',
  image: 'localhost:5000/busybox:1.36',
  imageId: `sha256:${'b'.repeat(64)}`,
  command: 'sh -c while true; do date; sleep 1; done',
  created: '2026-11-21T11:57:59.123456789Z',
  state: 'running',
  status: 'Up 2 minutes',
  ports: '0.0.0.0:8080->80/tcp, [::]:8080->80/tcp, 53/udp',
  labels: { role: 'front' },
};
const old: ContainerSummary = {
  ...web,
  id: 'f'.repeat(64),
  name: 'old',
  state: 'exited',
  status: 'Exited (3) 1 hour ago',
  exitCode: 3,
  ports: '',
  created: '2026-11-21T10:00:00.000000000Z',
  labels: {},
};
const attachments = (id: string): Attachments =>
  id === ID
    ? {
        networks: [
          { id: 'c'.repeat(64), name: 'lab' },
          { id: 'd'.repeat(64), name: 'bridge' },
        ],
        mounts: [
          { name: 'a-volume-with-a-name', destination: '/data', volume: true },
          { name: '/etc', destination: '/e', volume: false },
        ],
      }
    : { networks: [], mounts: [] };
const createdOf = (name: string): string => (name === 'web' ? web : old).created;
const list = containerList({ noTrunc: false, now: NOW, attachments });

function render(format?: string, quiet?: string, items: readonly ContainerSummary[] = [web]) {
  return renderList(list, { items, format, quiet });
}

describe('ps', () => {
  it("is Docker's table", async () => {
    expect(await render()).toBe(
      [
        'CONTAINER ID   IMAGE                         COMMAND                  CREATED         STATUS         PORTS                                             NAMES',
        '0123456789ab   localhost:5000/busybox:1.36   "sh -c while true; d…"   2 minutes ago   Up 2 minutes   0.0.0.0:8080->80/tcp, [::]:8080->80/tcp, 53/udp   web',
      ].join('\n'),
    );
  });

  it('has its header alone when there is nothing, and no line with -q', async () => {
    expect(await render(undefined, undefined, [])).toBe(
      'CONTAINER ID   IMAGE     COMMAND   CREATED   STATUS    PORTS     NAMES',
    );
    expect(await render(undefined, 'ID', [])).toBe('');
  });

  it('gives ids with -q, whole with --no-trunc', async () => {
    expect(await render(undefined, 'ID')).toBe('0123456789ab');
    expect(
      await renderList(containerList({ noTrunc: true, now: NOW }), {
        items: [web],
        format: undefined,
        quiet: 'ID',
      }),
    ).toBe(ID);
  });

  it('formats by template, as a table too', async () => {
    expect(await render('{{.Names}}: {{.Label "role"}}')).toBe('web: front');
    expect(await render('table {{.Names}}\\t{{.Label "role"}}')).toBe('NAMES     ROLE\nweb       front');
    expect(await render('{{.ID}}', 'ID')).toBe('0123456789ab');
    expect(await render('{{.Networks}} {{.Mounts}} {{.LocalVolumes}}')).toBe(
      'bridge,lab a-volume-with-…,/etc 1',
    );
  });

  it('writes one JSON object a line', async () => {
    const lines = (await render('json', undefined, [web, old])).split('\n').map((line) => JSON.parse(line));
    expect(lines).toMatchObject([{ Names: 'web', State: 'running', Labels: 'role=front' }, { Names: 'old' }]);
  });

  it.each([
    [['name=we'], ['web']],
    [['name=^/old$'], ['old']],
    [['status=exited'], ['old']],
    [['exited=3'], ['old']],
    [['id=0123'], ['web']],
    [['label=role'], ['web']],
    [['label=role=back'], []],
    [['ancestor=localhost:5000/busybox'], ['web', 'old']],
    [
      ['name=web', 'name=old'],
      ['web', 'old'],
    ],
    [['name=web', 'status=exited'], []],
    [['before=web'], ['old']],
    [['since=old'], ['web']],
    [['publish=8080'], ['web']],
    [['publish=80'], []],
    [['publish=8000-9000/tcp'], ['web']],
    [['expose=80'], ['web']],
    [['expose=53/udp'], ['web']],
    [['expose=53'], []],
    [['network=lab'], ['web']],
    [[`network=${'d'.repeat(12)}`], ['web']],
    [['network=la'], []],
    [['volume=a-volume-with-a-name'], ['web']],
    [['volume=/e'], ['web']],
    [['volume=e'], []],
    [['is-task=false'], ['web', 'old']],
    [['is-task=true'], []],
  ])('filters by %j', (words, names) => {
    const found = filterContainers([web, old], words, { attachments, createdOf });
    expect(found.map(({ name }) => name)).toEqual(names);
  });

  it('refuses a filter that is none', () => {
    const filter = (word: string) => () => filterContainers([], [word], { attachments, createdOf });
    expect(filter('colour=red')).toThrow("invalid filter 'colour'");
    expect(filter('name')).toThrow('invalid argument "name"');
    for (const word of ['status=well', 'exited=x', 'health=ill', 'is-task=perhaps', 'publish=web'])
      expect(filter(word)).toThrow(`invalid filter '${word}'`);
  });
});

const busybox: ImageSummary = {
  id: `sha256:${'c'.repeat(64)}`,
  repository: 'busybox',
  tag: 'latest',
  digest: `sha256:${'d'.repeat(64)}`,
  created: '2025-09-26T00:00:00Z',
  size: 4_261_550,
  intermediate: false,
  labels: { kind: 'small' },
};
const dangling: ImageSummary = { ...busybox, repository: '<none>', tag: '<none>' };

describe('images', () => {
  it("is Docker's table", async () => {
    const images = imageList({ noTrunc: false, digests: false, now: NOW });
    expect(await renderList(images, { items: [busybox], format: undefined, quiet: undefined })).toBe(
      [
        'REPOSITORY   TAG       IMAGE ID       CREATED         SIZE',
        'busybox      latest    cccccccccccc   14 months ago   4.26MB',
      ].join('\n'),
    );
  });

  it('narrows by name and filter', () => {
    expect(filterImages([busybox, dangling], [], { name: 'busy*' })).toEqual([busybox]);
    expect(filterImages([busybox, dangling], [], { name: 'busybox:1.0' })).toEqual([]);
    expect(filterImages([busybox, dangling], [], { name: `busybox@${busybox.digest}` })).toEqual([busybox]);
    expect(filterImages([busybox, dangling], ['dangling=true'])).toEqual([dangling]);
    expect(filterImages([busybox], ['label=kind=small'])).toEqual([busybox]);
    expect(filterImages([busybox], ['label=kind=large'])).toEqual([]);
    const old: ImageSummary = { ...busybox, repository: 'old', created: '2020-01-01T00:00:00Z' };
    const createdOf = () => '2022-01-01T00:00:00Z';
    expect(filterImages([busybox, old], ['before=x'], { createdOf })).toEqual([old]);
    expect(filterImages([busybox, old], ['since=x'], { createdOf })).toEqual([busybox]);
    expect(filterImages([busybox, old], ['until=2021-01-01'])).toEqual([old]);
    expect(filterImages([busybox, dangling], ['reference=busybox:l*'])).toEqual([busybox]);
    expect(() => filterImages([], ['dangling=maybe'])).toThrow("invalid filter 'dangling=maybe'");
  });
});
