import { describe, expect, it } from 'vitest';
import { formatReference, parseReference } from '../../src/reference/reference.ts';
import { candidatesOf } from '../../src/reference/short-name.ts';
import { parseMirror } from '../../src/registry/mirrored.ts';
import { covers } from '../../src/registry/pattern.ts';
import {
  DEFAULT_SETTINGS,
  mergeSettings,
  parseSetting,
  refuseBlocked,
  requireDigest,
} from '../../src/registry/settings.ts';

it.each([
  ['quay.io', 'quay.io/a/b', true],
  ['quay.io', 'quay.io:8443/a/b', true],
  ['quay.io:8443', 'quay.io/a/b', false],
  ['quay.io/a', 'quay.io/a/b', true],
  ['quay.io/a/b', 'quay.io/a/b', true],
  ['quay.io/a', 'quay.io/ab', false],
  ['*.example.org', 'r.example.org/x', true],
  ['*.example.org', 'r.example.org:5000/x', true],
  ['*.example.org', 'example.org/x', false],
  ['docker.io/library', 'busybox', true],
  ['docker.io/library', 'somebody/busybox', false],
  ['*', 'ghcr.io/x', true],
])('%s covers %s: %s', (pattern, name, expected) => {
  expect(covers(pattern, parseReference(name))).toBe(expected);
});

describe('the configuration', () => {
  it('sets search, mirrors, insecure ones, what is blocked, what needs a digest', () => {
    expect(
      parseSetting('registries', {
        search: ['docker.io', 'registry.lan:5000'],
        mirrors: { 'docker.io': ['m.lan:5000/hub', 'http://[::1]:5000'] },
        insecure: ['registry.lan:5000', '10.0.0.0/8', 'fd00::/8'],
        blocked: ['*.example.org', 'quay.io/somebody'],
      }),
    ).toEqual({
      search: ['docker.io', 'registry.lan:5000'],
      mirrors: { 'docker.io': ['m.lan:5000/hub', 'http://[::1]:5000'] },
      insecure: ['registry.lan:5000', '10.0.0.0/8', 'fd00::/8'],
      blocked: ['*.example.org', 'quay.io/somebody'],
    });
    expect(parseSetting('policy', { 'require-digest': ['*'] })).toEqual({ requireDigest: ['*'] });
    expect(parseSetting('storage-driver', 'vfs')).toBeUndefined();
  });

  it('understands the keys of dockerd', () => {
    expect(parseSetting('insecure-registries', ['a:5000'])).toEqual({ insecure: ['a:5000'] });
    expect(parseSetting('registry-mirrors', ['https://m.lan'])).toEqual({
      mirrors: { 'docker.io': ['https://m.lan'] },
    });
  });

  it.each([
    ['registries', [], '"registries" is not an object'],
    ['registries', { serch: [] }, 'has no setting "serch", but search, mirrors, insecure, blocked'],
    ['registries', { search: 'docker.io' }, '"registries.search" is not a list'],
    ['registries', { search: ['https://docker.io'] }, '"https://docker.io" in "registries.search"'],
    ['registries', { mirrors: ['m.lan'] }, '"registries.mirrors" is not an object'],
    ['registries', { mirrors: { 'docker.io': ['ftp://m.lan'] } }, '"ftp://m.lan"'],
    ['registries', { blocked: [7] }, '7 in "registries.blocked"'],
    ['policy', { 'require-digest': ['a b'] }, '"a b" in "policy.require-digest"'],
    ['policy', { requireDigests: ['*'] }, 'has no setting "requireDigests", but require-digest'],
  ])('%s: %j is refused by the place of the mistake', (key, value, sentence) => {
    expect(() => parseSetting(key, value)).toThrow(sentence);
  });

  it("adds up what two files forbid and allow; the user's own mirrors and search order count", () => {
    const own = { search: ['a'], mirrors: { x: ['own'] }, blocked: ['b'], insecure: ['i'] };
    const system = { search: ['z'], mirrors: { x: ['s'], y: ['s'] }, blocked: ['c'], requireDigest: ['*'] };
    expect(mergeSettings(own, system)).toEqual({
      search: ['a'],
      mirrors: { x: ['own'], y: ['s'] },
      insecure: ['i'],
      blocked: ['b', 'c'],
      requireDigest: ['*'],
    });
  });
});

it('what is blocked, or lacks a digest, is refused with the entry that says so', () => {
  const settings = { ...DEFAULT_SETTINGS, blocked: ['quay.io'], requireDigest: ['docker.io'] };
  expect(() => refuseBlocked(settings, parseReference('quay.io/x'))).toThrow(
    expect.objectContaining({ code: 'E_REGISTRY_BLOCKED', message: expect.stringContaining('"quay.io"') }),
  );
  expect(() => requireDigest(settings, parseReference('busybox:1'))).toThrow(
    expect.objectContaining({ code: 'E_DIGEST_REQUIRED', hint: expect.stringContaining('library/busybox@') }),
  );
  refuseBlocked(settings, parseReference('ghcr.io/x'));
  requireDigest(settings, parseReference(`busybox@sha256:${'0'.repeat(64)}`));
  requireDigest(settings, parseReference('ghcr.io/x'));
});

it.each([
  ['app', ['docker.io', 'r.lan:5000'], ['docker.io/library/app', 'r.lan:5000/app']],
  ['team/app:1', ['r.lan', 'docker.io'], ['r.lan/team/app:1', 'docker.io/team/app:1']],
  ['quay.io/app', ['docker.io', 'r.lan'], ['quay.io/app']],
  ['localhost/app', ['r.lan'], ['localhost/app']],
  ['app', [], ['docker.io/library/app']],
])('%s by %j may be %j', (name, search, expected) => {
  expect(candidatesOf(name, search).map(formatReference)).toEqual(expected);
});

it.each([
  ['m.lan', { domain: 'm.lan', prefix: '', plain: false }],
  ['m.lan:5000/hub/', { domain: 'm.lan:5000', prefix: 'hub/', plain: false }],
  ['http://m.lan/a/b', { domain: 'm.lan', prefix: 'a/b/', plain: true }],
  ['https://m.lan:1', { domain: 'm.lan:1', prefix: '', plain: false }],
])('the mirror %s', (text, expected) => {
  expect(parseMirror(text)).toEqual(expected);
});
