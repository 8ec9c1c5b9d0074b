import type { NetworkSummary } from '@wherry/core/api';
import { describe, expect, it } from 'vitest';
import { byNature } from '../../src/format/natural.ts';
import { asksForUse, filterNetworks, NETWORK_LIST } from '../../src/format/networks.ts';

const network = (name: string, change: Partial<NetworkSummary> = {}): NetworkSummary => ({
  ...{
    id: 'ab'.repeat(32),
    name,
    driver: 'bridge',
    scope: 'local',
    created: '2026-11-21T04:29:06.841000000Z',
  },
  ...{ internal: false, ipv4: true, ipv6: false, labels: {} },
  ...change,
});

it('lists by name, numbers as such', () => {
  expect(['net10', 'net2', 'Net', 'net', 'net2b', 'bridge'].toSorted(byNature)).toEqual([
    ...['Net', 'bridge', 'net', 'net2', 'net2b', 'net10'],
  ]);
  const all = [network('net10'), network('net2')];
  expect(filterNetworks(all, []).map(({ name }) => name)).toEqual(['net2', 'net10']);
});

it('shows when a network was made as Go shows a time', () => {
  const shown = (created: string) => NETWORK_LIST.fields(network('lab', { created }), () => true).CreatedAt;
  expect(shown('2026-11-21T04:29:06.841000000Z')).toBe('2026-11-21 04:29:06.841 +0000 UTC');
  expect(shown('2026-11-21T04:29:00.000000000Z')).toBe('2026-11-21 04:29:00 +0000 UTC');
});

describe('--filter dangling', () => {
  const all = [
    network('bridge', { used: false }),
    network('idle', { used: false }),
    network('busy', { used: true }),
  ];
  const names = (word: string) => filterNetworks(all, [word]).map(({ name }) => name);

  it('has networks of the user’s that no container runs in, or the others', () => {
    expect(asksForUse(['dangling=true'])).toBe(true);
    expect(asksForUse(['name=dangling'])).toBe(false);
    for (const yes of ['true', '1', 'T']) expect(names(`dangling=${yes}`)).toEqual(['idle']);
    expect(names('dangling=false')).toEqual(['bridge', 'busy']);
    expect(() => names('dangling=maybe')).toThrow("invalid filter 'dangling=maybe'");
  });
});
