import { describe, expect, test } from 'vitest';
import {
  capabilitiesFromHex,
  capabilitySets,
  DEFAULT_CAPABILITIES,
  grantedCapabilities,
  maskToHex,
} from '../../src/capability/container.ts';
import { CAPABILITIES, capabilityMask, capabilityName, capabilityNames } from '../../src/capability/names.ts';

const granted = (add: string[], drop: string[] = [], privileged = false, lastCap = 40) =>
  grantedCapabilities({ add, drop, privileged, lastCap });

test('names and numbers as in linux/capability.h', () => {
  expect(capabilityName(0)).toBe('CAP_CHOWN');
  expect(capabilityName(21)).toBe('CAP_SYS_ADMIN');
  expect(capabilityName(40)).toBe('CAP_CHECKPOINT_RESTORE');
  expect(capabilityName(41)).toBeUndefined();
  expect(capabilityNames(capabilityMask(CAPABILITIES))).toEqual(CAPABILITIES);
});

describe('granted capabilities', () => {
  test('Docker’s default shows as a80425fb in /proc/PID/status', () => {
    const sets = capabilitySets(granted([]), 0);
    expect(maskToHex(sets.bounding)).toBe('00000000a80425fb');
    expect(sets).toMatchObject({
      effective: sets.bounding,
      permitted: sets.bounding,
      inheritable: 0n,
      ambient: 0n,
    });
  });

  test('another user than root has the bounding set alone', () => {
    const sets = capabilitySets(granted([]), 1000);
    expect(sets).toMatchObject({ bounding: 0xa80425fbn, effective: 0n, permitted: 0n, ambient: 0n });
  });

  test('added and dropped in any writing', () => {
    expect(granted(['net_admin', 'CAP_sys_TIME'])).toEqual(
      expect.arrayContaining(['CAP_NET_ADMIN', 'CAP_SYS_TIME']),
    );
    expect(granted([], ['mknod', 'CAP_NET_RAW'])).toEqual(
      CAPABILITIES.filter(
        (c) => DEFAULT_CAPABILITIES.includes(c) && c !== 'CAP_MKNOD' && c !== 'CAP_NET_RAW',
      ),
    );
  });

  test('ALL on either side', () => {
    expect(granted(['ALL'], ['MKNOD'])).toEqual(CAPABILITIES.filter((c) => c !== 'CAP_MKNOD'));
    expect(granted(['CHOWN'], ['all'])).toEqual(['CAP_CHOWN']);
    expect(granted([], ['ALL'])).toEqual([]);
    expect(granted(['MKNOD'], ['MKNOD'])).toContain('CAP_MKNOD');
  });

  test('privileged is all this kernel has', () => {
    expect(granted([], ['ALL'], true)).toEqual(CAPABILITIES);
    expect(granted([], [], true, 37)).toEqual(CAPABILITIES.slice(0, 38));
  });

  test('an unknown one is named, with the nearest known', () => {
    expect(() => granted(['NET_ADMINN'])).toThrow(
      expect.objectContaining({
        message: 'There is no capability NET_ADMINN, given with --cap-add.',
        hint: expect.stringContaining('CAP_NET_ADMIN?'),
        exitCode: 1,
      }),
    );
    expect(() => granted([], ['SYSADMIN'])).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('CAP_SYS_ADMIN?') }),
    );
  });
});

test('reads masks as the kernel shows them', () => {
  expect(capabilitiesFromHex('0000000000000401')).toEqual(['CAP_CHOWN', 'CAP_NET_BIND_SERVICE']);
  expect(capabilitiesFromHex('x')).toBeUndefined();
});
