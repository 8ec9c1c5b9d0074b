import { describe, expect, it } from 'vitest';
import {
  contains,
  formatAddress,
  formatSubnet,
  overlaps,
  parseAddress,
  parseSubnet,
} from '../../src/network/address.ts';

const canonical = (text: string): string | undefined => {
  const address = parseAddress(text);
  return address && formatAddress(address);
};
const subnet = (text: string) => {
  const parsed = parseSubnet(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
};

describe('addresses', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['0.0.0.0', '0.0.0.0'],
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['::', '::'],
    ['::1', '::1'],
    ['fd00::', 'fd00::'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
    ['::ffff:192.0.2.1', '::ffff:c000:201'],
  ])('%s is %s', (text, expected) => expect(canonical(text)).toBe(expected));

  it.each(['', '1.2.3', '256.1.1.1', 'fe80::1%eth0', 'name'])('%j is none', (text) =>
    expect(canonical(text)).toBeUndefined(),
  );

  it('drops the host bits of a subnet', () => {
    expect(formatSubnet(subnet('10.1.2.3/16'))).toBe('10.1.0.0/16');
    expect(formatSubnet(subnet('fd00:1:2:3::9/48'))).toBe('fd00:1:2::/48');
    expect(parseSubnet('10.0.0.0/33')).toBeUndefined();
    expect(parseSubnet('10.0.0.0')).toBeUndefined();
  });

  it('knows what lies within, and what overlaps', () => {
    expect(contains(subnet('10.0.0.0/8'), { family: 4, value: 0x0affffffn })).toBe(true);
    expect(contains(subnet('10.0.0.0/8'), { family: 4, value: 0x0b000000n })).toBe(false);
    expect(overlaps(subnet('10.0.0.0/8'), subnet('10.9.0.0/16'))).toBe(true);
    expect(overlaps(subnet('10.8.0.0/16'), subnet('10.9.0.0/16'))).toBe(false);
    expect(overlaps(subnet('::/0'), subnet('10.9.0.0/16'))).toBe(false);
  });
});
