import { describe, expect, it } from 'vitest';
import { formatPlatform, parsePlatform, selectPlatform } from '../../src/image/platform.ts';

describe('parsing', () => {
  it.each([
    ['linux/amd64', 'linux/amd64'],
    ['linux/x86_64', 'linux/amd64'],
    ['amd64', 'linux/amd64'],
    ['linux/amd64/v1', 'linux/amd64'],
    ['linux/amd64/v3', 'linux/amd64/v3'],
    ['linux/arm64', 'linux/arm64/v8'],
    ['linux/aarch64', 'linux/arm64/v8'],
    ['linux/arm64/v8', 'linux/arm64/v8'],
    ['linux/arm', 'linux/arm/v7'],
    ['linux/armhf', 'linux/arm/v7'],
    ['linux/arm/v6', 'linux/arm/v6'],
    ['arm/v6', 'linux/arm/v6'],
    ['LINUX/S390X', 'linux/s390x'],
  ])('%s', (text, expected) => {
    expect(formatPlatform(parsePlatform(text))).toBe(expected);
  });

  it.each(['', 'linux', 'linux/', 'linux/amd64/v1/x', 'a b', 'windows/amd64/x/y'])('refuses %j', (text) => {
    expect(() => parsePlatform(text)).toThrow(expect.objectContaining({ code: 'E_INVALID_PLATFORM' }));
  });
});

describe('choosing', () => {
  const choose = (wanted: string, offered: string[], strict = false) =>
    selectPlatform(
      parsePlatform(wanted),
      offered,
      (text) => {
        const [os = '', architecture = '', variant] = text.split('/');
        return { os, architecture, ...(variant === undefined ? {} : { variant }) };
      },
      strict,
    );

  it.each([
    ['linux/amd64', ['linux/arm64', 'linux/amd64'], 'linux/amd64'],
    ['linux/amd64', ['linux/amd64/v3', 'linux/amd64'], 'linux/amd64'],
    ['linux/amd64/v3', ['linux/amd64', 'linux/amd64/v2', 'linux/amd64/v4'], 'linux/amd64/v2'],
    ['linux/amd64', ['linux/386', 'linux/arm64'], 'linux/386'],
    ['linux/arm64', ['linux/arm/v7', 'linux/arm64'], 'linux/arm64'],
    ['linux/arm64', ['linux/arm/v6', 'linux/arm/v7'], 'linux/arm/v7'],
    ['linux/arm/v7', ['linux/arm/v5', 'linux/arm/v6', 'linux/arm64'], 'linux/arm/v6'],
    ['linux/amd64', ['windows/amd64', 'linux/s390x'], undefined],
    ['linux/amd64', ['linux/amd64/v9x'], undefined],
  ])('for %s of %j', (wanted, offered, expected) => {
    expect(choose(wanted, offered)).toBe(expected);
  });

  it('takes nothing else when the user named it', () => {
    expect(choose('linux/amd64', ['linux/386'], true)).toBeUndefined();
  });
});
