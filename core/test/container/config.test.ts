import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseConfig, readConfig, registrySettings } from '../../src/container/config.ts';

it('reads the settings', () => {
  const text = '{"storage-driver":"vfs","log-driver":"none","log-opts":{"max-size":"1m"}}';
  expect(parseConfig(text, 'c')).toEqual({
    storageDriver: 'vfs',
    logDriver: 'none',
    logOpts: { 'max-size': '1m' },
  });
});

it('has the settings of registries beside the others', () => {
  const text =
    '{"storage-driver":"vfs","insecure-registries":["a"],"registries":{"insecure":["b"],"search":["b"]}}';
  expect(parseConfig(text, 'c')).toMatchObject({
    storageDriver: 'vfs',
    registries: { insecure: ['a', 'b'], search: ['b'] },
  });
});

it('looks for short names on Docker Hub alone when nothing else is set', () => {
  expect(registrySettings({ HOME: '/nowhere' })).toMatchObject({
    search: ['docker.io'],
    mirrors: {},
    blocked: [],
  });
});

it.each([
  '',
  '[]',
  'null',
  '{"storage-driver":1}',
  '{"log-opts":{"a":1}}',
  '{"strage-driver":"vfs"}',
  '{"registries":{"search":1}}',
  '{"policy":{"a":[]}}',
])('refuses %j', (text) => {
  expect(() => parseConfig(text, '/etc/c.json')).toThrow(
    expect.objectContaining({ code: 'E_CONFIG', message: expect.stringContaining('/etc/c.json') }),
  );
});

it('lets the environment win over the file', () => {
  const home = mkdtempSync(join(tmpdir(), 'wherry-config-'));
  try {
    mkdirSync(join(home, 'wherry'));
    writeFileSync(join(home, 'wherry/config.json'), '{"storage-driver":"vfs","log-driver":"none"}');
    expect(readConfig({ XDG_CONFIG_HOME: home, WHERRY_STORAGE_DRIVER: 'overlay' })).toEqual({
      storageDriver: 'overlay',
      logDriver: 'none',
    });
  } finally {
    rmSync(home, { recursive: true });
  }
});
