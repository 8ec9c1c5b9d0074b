import { describe, expect, it } from 'vitest';
import { TarError } from '../../src/layer/error.ts';
import { cleanPath } from '../../src/layer/path.ts';
import { opaqueName, parseWhiteout, whiteoutName } from '../../src/layer/whiteout.ts';

describe('whiteouts', () => {
  it.each([
    ['.wh.file', { kind: 'whiteout', path: 'file' }],
    ['a/b/.wh.c', { kind: 'whiteout', path: 'a/b/c' }],
    ['.wh..wh..opq', { kind: 'opaque', path: '' }],
    ['a/.wh..wh..opq', { kind: 'opaque', path: 'a' }],
    ['a/.wh..wh.plnk', { kind: 'meta' }],
    ['a/.wh.b/c', undefined],
    ['wh.file', undefined],
    ['file.wh.', undefined],
  ])('%s', (name, meaning) => {
    expect(parseWhiteout(name)).toEqual(meaning);
  });
  it.each(['.wh.', 'a/.wh..', '.wh...'])('%s deletes nothing and is refused', (name) => {
    expect(() => parseWhiteout(name)).toThrow(TarError);
  });
  it('are named so', () => {
    expect(whiteoutName('a/b')).toBe('a/.wh.b');
    expect(opaqueName('')).toBe('.wh..wh..opq');
    expect(opaqueName('a')).toBe('a/.wh..wh..opq');
  });
});

describe('names of members', () => {
  it.each([
    ['./', ''],
    ['/', ''],
    ['a', 'a'],
    ['/etc/passwd', 'etc/passwd'],
    ['./a//b/./c/', 'a/b/c'],
    ['a/../b', 'b'],
    ['...', '...'],
    ['..a/.b', '..a/.b'],
    ['a\nb/\xff', 'a\nb/\xff'],
  ])('%j is %j', (name, path) => {
    expect(cleanPath(name)).toBe(path);
  });
  it.each(['..', '../a', 'a/../../b', '/..', `${'a/'.repeat(2050)}b`, 'x'.repeat(256)])(
    '%s is refused',
    (name) => {
      expect(() => cleanPath(name)).toThrow(TarError);
    },
  );
});
