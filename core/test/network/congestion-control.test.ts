import { expect, test } from 'vitest';
import { congestionControl, hostCongestionControl } from '../../src/network/congestion-control.ts';

test('connections within the machine are not paced, and are else as the host has them', () => {
  expect(['bbr', 'bbr2', 'cubic', 'reno', ''].map(congestionControl)).toEqual([
    'reno',
    'reno',
    undefined,
    undefined,
    undefined,
  ]);
});

test('the host’s default is a name alone', () => {
  expect(hostCongestionControl()).toMatch(/^[a-z0-9_]+$/);
});
