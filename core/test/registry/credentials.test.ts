import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { credentialFiles, findCredentials } from '../../src/registry/credentials.ts';

const directory = mkdtempSync(join(tmpdir(), 'wherry-credentials-'));
const file = join(directory, 'config.json');
const path = process.env.PATH;
afterAll(() => {
  process.env.PATH = path;
  rmSync(directory, { recursive: true, force: true });
});

const auth = (text: string) => Buffer.from(text).toString('base64');
const find = (config: unknown, domain: string, repository = 'a/b') => {
  writeFileSync(file, typeof config === 'string' ? config : JSON.stringify(config));
  return findCredentials(domain, repository, [join(directory, 'none.json'), file]);
};

describe('auths', () => {
  it.each([
    ['ghcr.io', 'a/b', { 'ghcr.io': { auth: auth('ann:x:y') } }],
    ['ghcr.io', 'a/b', { 'https://ghcr.io': { auth: auth('ann:x:y') } }],
    ['ghcr.io', 'a/b', { 'ghcr.io': { username: 'ann', password: 'x:y' } }],
    ['docker.io', 'library/x', { 'https://index.docker.io/v1/': { auth: auth('ann:x:y') } }],
    ['docker.io', 'library/x', { 'docker.io': { auth: auth('ann:x:y') } }],
    ['ghcr.io', 'a/b', { 'ghcr.io': { auth: auth('bob:z') }, 'ghcr.io/a': { auth: auth('ann:x:y') } }],
    ['localhost:5000', 'a', { 'localhost:5000': { auth: auth('ann:x:y') } }],
  ])('%s/%s in %j', async (domain, repository, auths) => {
    expect(await find({ auths }, domain, repository)).toEqual({ username: 'ann', password: 'x:y' });
  });

  it('of another registry, and none at all', async () => {
    expect(await find({ auths: { 'ghcr.io': { auth: auth('ann:x') } } }, 'quay.io')).toBeUndefined();
    expect(await find({}, 'quay.io')).toBeUndefined();
    expect(await find({ auths: { 'quay.io': {} } }, 'quay.io')).toBeUndefined();
  });

  it('a refresh token', async () => {
    expect(await find({ auths: { x: { auth: auth('0:'), identitytoken: 'T' } } }, 'x')).toEqual({
      identityToken: 'T',
    });
  });

  it.each(['what?', 'null', '{"auths":{"x":{"auth":"bm9jb2xvbg=="}}}'])('broken: %s', async (text) => {
    await expect(find(text, 'x')).rejects.toMatchObject({ code: 'E_REGISTRY_CREDENTIALS' });
  });
});

describe('helpers', () => {
  const helper = (name: string, script: string) => {
    const bin = join(directory, 'bin');
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, `docker-credential-${name}`), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, `docker-credential-${name}`), 0o755);
    process.env.PATH = bin + delimiter + path;
  };

  it('are asked for the registry', async () => {
    helper('good', 'read -r registry; printf \'{"Username":"%s","Secret":"s"}\' "$registry"');
    expect(await find({ credsStore: 'good' }, 'ghcr.io')).toEqual({ username: 'ghcr.io', password: 's' });
    expect(await find({ credHelpers: { 'ghcr.io': 'good' } }, 'ghcr.io')).toMatchObject({ password: 's' });
    expect(await find({ credHelpers: { 'ghcr.io': 'good' } }, 'quay.io')).toBeUndefined();
    expect(await find({ credsStore: 'good' }, 'docker.io')).toMatchObject({
      username: 'https://index.docker.io/v1/',
    });
  });
  it('may have a token, or nothing', async () => {
    helper('token', 'cat > /dev/null; echo \'{"Username":"<token>","Secret":"T"}\'');
    helper('empty', 'cat > /dev/null; echo "credentials not found in native keychain"; exit 1');
    expect(await find({ credsStore: 'token' }, 'x')).toEqual({ identityToken: 'T' });
    expect(await find({ credsStore: 'empty' }, 'x')).toBeUndefined();
  });
  it('that fail are named', async () => {
    helper('broken', 'cat > /dev/null; echo what?');
    for (const name of ['broken', 'missing']) {
      await expect(find({ credsStore: name }, 'x')).rejects.toMatchObject({
        code: 'E_REGISTRY_CREDENTIALS',
        message: expect.stringContaining(`docker-credential-${name}`),
      });
    }
  });
});

it('the file that a login writes is asked first', () => {
  expect(credentialFiles({ HOME: '/home/ann' }, 1000)).toEqual([
    '/home/ann/.docker/config.json',
    '/run/user/1000/containers/auth.json',
    '/home/ann/.config/containers/auth.json',
  ]);
  expect(credentialFiles({ HOME: '/home/ann', REGISTRY_AUTH_FILE: '/x' }, 1000)).toEqual(['/x']);
});
