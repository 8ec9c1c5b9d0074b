import { expect, it } from 'vitest';
import { renderList } from '../../src/format/list.ts';
import { cpuPercent, statsList } from '../../src/format/stats.ts';

const sample = {
  id: 'a'.repeat(64),
  name: 'box',
  time: 0,
  cpu: 0,
  memory: 1_474_560,
  memoryLimit: 67_108_864,
  pids: 2,
  network: [1530, 516],
  block: [0, 2_500_000],
  from: 'cgroup',
} as const;

it('shows a container as Docker does', async () => {
  const now = { ...sample, time: 1000, cpu: 1_500_000 };
  const text = await renderList(statsList(false), {
    items: [{ before: sample, now }],
    format: undefined,
    quiet: undefined,
  });
  expect(text.split('\n')[1]?.split(/ {2,}/)).toEqual([
    'aaaaaaaaaaaa',
    'box',
    '150.00%',
    '1.406MiB / 64MiB',
    '2.20%',
    '1.53kB / 516B',
    '0B / 2.5MB',
    '2',
  ]);
});

it('has no percentage without an earlier look', () => {
  expect(cpuPercent(undefined, sample)).toBe(0);
});
