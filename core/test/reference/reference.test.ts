import { describe, expect, it } from 'vitest';
import {
  familiarName,
  familiarReference,
  formatReference,
  parseReference,
  withDefaultTag,
} from '../../src/reference/reference.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

describe('names', () => {
  it.each([
    ['busybox', 'docker.io/library/busybox', 'busybox'],
    ['library/busybox', 'docker.io/library/busybox', 'busybox'],
    ['docker.io/busybox', 'docker.io/library/busybox', 'busybox'],
    ['docker.io/library/busybox', 'docker.io/library/busybox', 'busybox'],
    ['index.docker.io/busybox', 'docker.io/library/busybox', 'busybox'],
    ['wherry/hello', 'docker.io/wherry/hello', 'wherry/hello'],
    ['docker.io/wherry/hello', 'docker.io/wherry/hello', 'wherry/hello'],
    ['library/a/b', 'docker.io/library/a/b', 'library/a/b'],
    ['localhost/app', 'localhost/app', 'localhost/app'],
    ['localhost:5000/debian', 'localhost:5000/debian', 'localhost:5000/debian'],
    ['127.0.0.1:5000/x', '127.0.0.1:5000/x', '127.0.0.1:5000/x'],
    ['[::1]:5000/x', '[::1]:5000/x', '[::1]:5000/x'],
    ['[2001:db8::1]/x', '[2001:db8::1]/x', '[2001:db8::1]/x'],
    ['ghcr.io/a/b/c', 'ghcr.io/a/b/c', 'ghcr.io/a/b/c'],
    ['Example.ORG/app', 'Example.ORG/app', 'Example.ORG/app'],
    ['a.b', 'docker.io/library/a.b', 'a.b'],
    ['a__b', 'docker.io/library/a__b', 'a__b'],
    ['a---b', 'docker.io/library/a---b', 'a---b'],
    ['xn--n3h.com/myimage', 'xn--n3h.com/myimage', 'xn--n3h.com/myimage'],
  ])('%s', (text, full, familiar) => {
    const reference = parseReference(text);
    expect(formatReference(reference)).toBe(full);
    expect(familiarName(reference)).toBe(familiar);
  });
});

describe('tags and digests', () => {
  it.each([
    ['busybox:1.36', { tag: '1.36' }],
    ['localhost:5000/x:latest', { tag: 'latest' }],
    [`busybox@${DIGEST}`, { digest: DIGEST }],
    [`busybox:1@${DIGEST}`, { tag: '1', digest: DIGEST }],
    [`x:${'t'.repeat(128)}`, { tag: 't'.repeat(128) }],
    ['x:_under', { tag: '_under' }],
    ['busybox:UPPER', { tag: 'UPPER' }],
  ])('%s', (text, expected) => {
    expect(parseReference(text)).toMatchObject(expected);
    expect(parseReference(formatReference(parseReference(text)))).toEqual(parseReference(text));
  });

  it('latest is added only where there is neither', () => {
    const complete = (text: string) => familiarReference(withDefaultTag(parseReference(text)));
    expect(complete('busybox')).toBe('busybox:latest');
    expect(complete('busybox:1')).toBe('busybox:1');
    expect(complete(`busybox@${DIGEST}`)).toBe(`busybox@${DIGEST}`);
  });
});

describe('refusals', () => {
  it.each([
    '',
    ' ',
    'a b',
    'busybox:',
    'busybox@',
    ':tag',
    '-leading',
    'trailing-',
    'a//b',
    '/a',
    'a/',
    'a___b',
    'a..b',
    '.a',
    'a.-b',
    'x@sha256:12',
    `x@sha256:${'a'.repeat(63)}`,
    `x@sha256:${'A'.repeat(64)}`,
    `x@md5:${'a'.repeat(32)}`,
    `x:${'t'.repeat(129)}`,
    'x:.tag',
    'x:-tag',
    'x:a:b',
    'https://example.org/x',
    'example.org:port/x',
    'a'.repeat(256),
    'a'.repeat(64),
    'ünicode',
    'x\n',
    '../x',
  ])('%j', (text) => {
    expect(() => parseReference(text)).toThrow(
      expect.objectContaining({
        code: 'E_INVALID_REFERENCE',
        message: expect.stringMatching(/^invalid (reference format|repository name)/),
      }),
    );
  });

  it.each([
    ['UPPER/case', 'UPPER/case'],
    ['Busybox', 'library/Busybox'],
    ['localhost:5000/App', 'App'],
    [`localhost:5000/App@${DIGEST}`, 'App'],
  ])('upper case as Docker says it: %s', (text, named) => {
    expect(() => parseReference(text)).toThrow(
      `invalid reference format: repository name (${named}) must be lowercase`,
    );
  });
});
