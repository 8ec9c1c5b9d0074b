import { expect, it } from 'vitest';
import { renderTree } from '../../src/format/image-tree.ts';

const IMAGE = {
  id: `sha256:${'1'.repeat(64)}`,
  manifest: `sha256:${'2'.repeat(64)}`,
  platform: 'linux/amd64',
  unpacked: 4_000_000,
  blobs: 2_000_000,
  inUse: true,
};

it('shows each image with its names, its sizes and its platform', () => {
  const text = renderTree(
    [
      { ...IMAGE, names: ['box:1', 'box:latest'] },
      { ...IMAGE, names: [], inUse: false },
    ],
    80,
  );
  expect(text.split('\n')).toEqual([
    "WARNING: This is an experimental feature. The output may change and shouldn't be depended on.",
    '',
    `${' '.repeat(65)}Info → U In Use`,
    'IMAGE            ID             DISK USAGE   CONTENT SIZE   EXTRA',
    'box:1',
    'box:latest       111111111111          6MB            2MB   U',
    '└─ linux/amd64   222222222222          6MB            2MB   U',
    '',
    '<untagged>       111111111111          6MB            2MB',
    '└─ linux/amd64   222222222222          6MB            2MB',
    '',
  ]);
});

it('cuts long names, and leaves out columns that have no room', () => {
  const names = [`registry.example/team/${'x'.repeat(80)}:latest`];
  const wide = renderTree([{ ...IMAGE, names }], 80).split('\n');
  expect(wide.slice(3).every((line) => line.length <= 80)).toBe(true);
  expect(wide[4]).toMatch(/^registry\.example\/team\/x+\.\.\. {3}1{12} /);
  const narrow = renderTree([{ ...IMAGE, names }], 34).split('\n');
  expect(narrow[3]?.trimEnd()).toMatch(/^IMAGE {17}ID$/);
});
