import { describe, expect, it } from 'vitest';
import { ago, binarySize, ellipsis, goTime, humanSize, shortId } from '../../src/format/units.ts';

describe('units', () => {
  it.each([
    [0, '0B'],
    [999, '999B'],
    [1000, '1kB'],
    [4_261_550, '4.26MB'],
    [1_234_567_890, '1.23GB'],
    [77_800_000, '77.8MB'],
  ])('%d bytes are %s', (bytes, text) => {
    expect(humanSize(bytes)).toBe(text);
  });

  it('has powers of 1024 for memory', () => {
    expect(binarySize(25_769_803_776)).toBe('24GiB');
    expect(binarySize(4_126_543_872)).toBe('3.843GiB');
  });

  it('tells ages, and says so where there is none', () => {
    const now = Date.parse('2026-11-21T12:00:00Z');
    expect(ago('2026-11-21T11:59:58Z', now)).toBe('2 seconds ago');
    expect(ago('2026-11-21T12:00:05Z', now)).toBe('Less than a second ago');
    expect(ago('0001-01-01T00:00:00Z', now)).toBe('N/A');
    expect(ago('', now)).toBe('N/A');
  });

  it('shortens', () => {
    expect(ellipsis('12345', 5)).toBe('12345');
    expect(ellipsis('123456', 5)).toBe('1234…');
    expect(shortId(`sha256:${'a'.repeat(64)}`)).toBe('a'.repeat(12));
    expect(goTime('2026-11-21T04:29:06.123456789Z')).toBe('2026-11-21 04:29:06 +0000 UTC');
  });
});
