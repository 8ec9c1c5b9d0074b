import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { findCredentials } from '../../src/registry/credentials.ts';
import { forgetCredentials, keepCredentials } from '../../src/registry/keep-credentials.ts';

const directory = mkdtempSync(join(tmpdir(), 'wherry-keep-'));
const path = process.env.PATH;
let file: string;
let count = 0;
beforeEach(() => {
  count += 1;
  file = join(directory, String(count), 'config.json');
});
afterAll(() => {
  process.env.PATH = path;
  rmSync(directory, { recursive: true, force: true });
});

const ann = { username: 'ann', password: 'se:cret' };
const stored = (): Record<string, unknown> => JSON.parse(readFileSync(file, 'utf8'));
const write = (value: unknown) => {
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, JSON.stringify(value), { mode: 0o644 });
};

describe('a file of credentials', () => {
  it('is made for its owner alone, and nothing else is left beside it', async () => {
    const before = process.umask(0);
    try {
      expect(await keepCredentials(file, 'ghcr.io', ann)).toEqual({ file });
    } finally {
      process.umask(before);
    }
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(file, '..')).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(file, '..'))).toEqual(['config.json']);
    expect(stored()).toEqual({ auths: { 'ghcr.io': { auth: 'YW5uOnNlOmNyZXQ=' } } });
    expect(await findCredentials('ghcr.io', 'x', [file])).toEqual(ann);
  });

  it('keeps all else that is in it, and is closed to others', async () => {
    const other = {
      auths: { 'quay.io': { auth: 'YTpi' } },
      HttpHeaders: { A: 'b' },
      psFormat: 'x',
      plugins: {},
    };
    write(other);
    await keepCredentials(file, 'ghcr.io', ann);
    expect(stored()).toMatchObject(other);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(await forgetCredentials(file, 'ghcr.io')).toBe(true);
    expect(stored()).toEqual(other);
    expect(await forgetCredentials(file, 'ghcr.io')).toBe(false);
  });

  it('takes the place of every way of writing the same registry', async () => {
    write({ auths: { 'https://ghcr.io': { auth: 'YTpi' }, 'ghcr.io/team': { auth: 'YTpi' } } });
    await keepCredentials(file, 'ghcr.io', ann);
    expect(Object.keys(stored().auths as object)).toEqual(['ghcr.io/team', 'ghcr.io']);
    await forgetCredentials(file, 'ghcr.io');
    expect(Object.keys(stored().auths as object)).toEqual(['ghcr.io/team']);
  });

  it('has Docker Hub under its old name, and a token as one', async () => {
    await keepCredentials(file, 'docker.io', { identityToken: 'T' });
    expect(stored()).toEqual({ auths: { 'https://index.docker.io/v1/': { identitytoken: 'T' } } });
    expect(await findCredentials('docker.io', 'library/x', [file])).toEqual({ identityToken: 'T' });
  });

  it('may be a link, which stays one', async () => {
    const real = join(directory, `real-${count}.json`);
    writeFileSync(real, '');
    mkdirSync(join(file, '..'), { recursive: true });
    symlinkSync(real, file);
    await keepCredentials(file, 'ghcr.io', ann);
    expect(JSON.parse(readFileSync(real, 'utf8'))).toHaveProperty('auths');
  });

  it('that is broken is left alone', async () => {
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, '{"auths":');
    await expect(keepCredentials(file, 'ghcr.io', ann)).rejects.toMatchObject({
      code: 'E_REGISTRY_CREDENTIALS',
    });
    expect(readFileSync(file, 'utf8')).toBe('{"auths":');
  });

  it('that can’t be made is named', async () => {
    writeFileSync(join(directory, `plain-${count}`), '');
    const impossible = join(directory, `plain-${count}`, 'config.json');
    await expect(keepCredentials(impossible, 'ghcr.io', ann)).rejects.toMatchObject({
      code: 'E_REGISTRY_CREDENTIALS',
      message: expect.stringContaining(impossible),
    });
  });
});

describe('a credential helper', () => {
  /** Keeps what it is told in files of its own; says what it was called with. */
  const helper = (name: string): string => {
    const bin = join(directory, 'bin');
    const log = join(directory, `${name}.log`);
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, `docker-credential-${name}`), `#!/bin/sh\necho "$1 $(cat)" >> ${log}\n`);
    chmodSync(join(bin, `docker-credential-${name}`), 0o755);
    process.env.PATH = bin + delimiter + path;
    return log;
  };

  it('stores and erases in the place of the file', async () => {
    const log = helper('good');
    write({ credsStore: 'good' });
    expect(await keepCredentials(file, 'ghcr.io', ann)).toEqual({ helper: 'good' });
    expect(stored()).toEqual({ credsStore: 'good', auths: { 'ghcr.io': {} } });
    expect(await forgetCredentials(file, 'ghcr.io')).toBe(true);
    expect(stored()).toEqual({ credsStore: 'good', auths: {} });
    expect(readFileSync(log, 'utf8').trim().split('\n')).toEqual([
      'store {"ServerURL":"ghcr.io","Username":"ann","Secret":"se:cret"}',
      'erase ghcr.io',
    ]);
  });

  it('may be one of a single registry, and is told of tokens', async () => {
    const log = helper('one');
    write({ credHelpers: { 'https://index.docker.io/v1/': 'one' } });
    await keepCredentials(file, 'docker.io', { identityToken: 'T' });
    await keepCredentials(file, 'ghcr.io', ann);
    expect(readFileSync(log, 'utf8').trim()).toBe(
      'store {"ServerURL":"https://index.docker.io/v1/","Username":"<token>","Secret":"T"}',
    );
    expect(stored().auths).toMatchObject({ 'ghcr.io': { auth: 'YW5uOnNlOmNyZXQ=' } });
  });

  it('that fails is named, and nothing is written', async () => {
    process.env.PATH = path;
    write({ credsStore: 'missing' });
    await expect(keepCredentials(file, 'ghcr.io', ann)).rejects.toMatchObject({
      code: 'E_REGISTRY_CREDENTIALS',
      message: expect.stringContaining('docker-credential-missing failed to store'),
    });
    expect(stored()).toEqual({ credsStore: 'missing' });
  });
});
