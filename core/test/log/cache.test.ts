import { expect, test } from 'vitest';
import { cacheFiles, cacheOperation, goBoolean, parseCache, splitCache } from '../../src/log/cache.ts';

test('options of the copy are told from the driver’s', () => {
  expect(splitCache({ 'cache-disabled': 'true', tag: 'x', 'cache-max-sise': '1' })).toEqual({
    cache: { 'cache-disabled': 'true' },
    own: { tag: 'x', 'cache-max-sise': '1' },
  });
});

test('without options it is bounded as Docker bounds it', () => {
  expect(parseCache({})).toEqual({ maxSize: 20_000_000, maxFiles: 5, compress: true });
});

test.each([
  [
    { 'cache-max-size': '1.5m', 'cache-max-file': '2' },
    { maxSize: 1_500_000, maxFiles: 2, compress: true },
  ],
  [{ 'cache-max-file': '1' }, { maxSize: 20_000_000, maxFiles: 1, compress: false }],
  [{ 'cache-compress': 'F' }, { maxSize: 20_000_000, maxFiles: 5, compress: false }],
  [{ 'cache-disabled': '1' }, undefined],
])('%j is %j', (options, cache) => {
  expect(parseCache(options as Record<string, string>)).toEqual(cache);
});

test.each([
  { 'cache-disabled': 'yes' },
  { 'cache-max-size': '0' },
  { 'cache-max-size': '-1' },
  { 'cache-max-size': 'big' },
  { 'cache-max-file': '0' },
  { 'cache-max-file': '1001' },
  { 'cache-compress': '' },
  { 'cache-disabled': 'true', 'cache-max-file': 'x' },
])('%j is refused', (options) => {
  expect(() => parseCache(options as Record<string, string>)).toThrowError(
    expect.objectContaining({ code: 'E_LOG_CACHE' }),
  );
});

test('it is read from the oldest on, where it is written', () => {
  const cache = { maxSize: 5, maxFiles: 2, compress: true };
  const path = '/c/container-cached.log';
  expect(cacheOperation('/c', cache)).toEqual({ op: 'log-file', path, framing: 'binary', ...cache });
  expect(cacheFiles('/c', cache).paths).toEqual([`${path}.1.gz`, `${path}.1`, path]);
});

test('booleans are Go’s', () => {
  expect(['1', 't', 'T', 'TRUE', 'true', 'True'].map(goBoolean)).toEqual(Array(6).fill(true));
  expect(['0', 'f', 'F', 'FALSE', 'false', 'False'].map(goBoolean)).toEqual(Array(6).fill(false));
  expect([goBoolean('yes'), goBoolean('tRUE'), goBoolean('')]).toEqual([undefined, undefined, undefined]);
});
