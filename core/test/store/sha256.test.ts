import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { randomHex } from '../../src/store/random.ts';
import { sha256OfText } from '../../src/store/sha256.ts';

it.each([
  '',
  'abc',
  '/home/jürgen/.local/share/wherry',
  ...[55, 56, 63, 64, 119, 1000].map((n) => 'x'.repeat(n)),
])('agrees with OpenSSL on %j', (text) => {
  expect(sha256OfText(text)).toBe(createHash('sha256').update(text).digest('hex'));
});

it('gives as many random digits as asked, and others each time', () => {
  expect(randomHex(32)).toMatch(/^[0-9a-f]{64}$/);
  expect(new Set(Array.from({ length: 100 }, () => randomHex(4))).size).toBeGreaterThan(98);
});
