import { expect, it } from 'vitest';
import { renderList } from '../../src/format/list.ts';
import { filterFound, foundList } from '../../src/format/search.ts';

const found = [
  {
    name: 'busybox',
    description: 'Busybox base image, with a description that is long.',
    stars: 3412,
    official: true,
  },
  { name: 'somebody/busybox', description: '', stars: 2, official: false },
];

it('prints the columns of Docker', async () => {
  const text = await renderList(foundList({ noTrunc: false }), {
    items: found,
    format: undefined,
    quiet: undefined,
  });
  expect(text.split('\n').map((line) => line.trimEnd())).toEqual([
    'NAME               DESCRIPTION                                     STARS     OFFICIAL',
    'busybox            Busybox base image, with a description that …   3412      [OK]',
    'somebody/busybox                                                   2',
  ]);
});

it('leaves nothing out with --no-trunc, and takes templates', async () => {
  const format = '{{.Name}} {{.StarCount}} {{.Description}}';
  const text = await renderList(foundList({ noTrunc: true }), {
    items: found.slice(0, 1),
    format,
    quiet: undefined,
  });
  expect(text).toBe('busybox 3412 Busybox base image, with a description that is long.');
});

it.each([
  [[], 2],
  [['stars=3'], 1],
  [['stars=3', 'stars=4000'], 0],
  [['is-official=true'], 1],
  [['is-automated=false'], 2],
  [['is-automated=true'], 0],
  [['is-official=0', 'stars=1'], 1],
])('%j leaves %d', (filters, count) => {
  expect(found.filter(filterFound(filters))).toHaveLength(count);
});

it.each([['stars=many'], ['is-official=perhaps'], ['size=1'], ['stars']])('%j is no filter', (filter) => {
  expect(() => filterFound([filter])).toThrow(expect.objectContaining({ code: 'E_FILTER' }));
});
