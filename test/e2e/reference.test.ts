import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { fixture, layoutOf, type Repository } from '../fixtures/catalogue.ts';
import { UNLISTED_DIRECTORIES } from '../fixtures/features.ts';
import { captureTree, differences } from '../support/tree.ts';
import { unpackWithTar, unpackWithUmoci } from '../support/unpack.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'wherry-reference-'));
afterAll(() => rmSync(directory, { recursive: true }));

// What Wherry unpacks is compared with these two; so they must agree first.
it.each<[Repository, string]>([
  ['busybox', 'latest'],
  ['features', 'latest'],
  ['debian', 'bookworm'],
])('umoci and GNU tar make the same tree of %s:%s', async (repository, tag) => {
  const store = await fixture(repository);
  const umoci = unpackWithUmoci(layoutOf(repository), tag, path.join(directory, `${repository}-umoci`));
  const tar = unpackWithTar(store, tag, path.join(directory, `${repository}-tar`));
  const unlisted = (name: string) => (UNLISTED_DIRECTORIES.includes(name) ? (['mtime'] as const) : []);
  expect(differences(captureTree(umoci), captureTree(tar), unlisted)).toEqual([]);
});
