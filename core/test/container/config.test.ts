import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseConfig, readConfig } from '../../src/container/config.ts';

it('reads the settings', () => {
  const text = '{"storage-driver":"vfs","log-driver":"none","log-opts":{"max-size":"1m"}}';
  expect(parseConfig(text, 'c')).toEqual({
    storageDriver: 'vfs',
    logDriver: 'none',
    logOpts: { 'max-size': '1m' },
  });
});

it.each(['', '[]', 'null', '{"storage-driver":1}', '{"log-opts":{"a":1}}', '{"strage-driver":"vfs"}'])(
  'refuses %j',
  (text) => {
    expect(() => parseConfig(text, '/etc/c.json')).toThrow(
      expect.objectContaining({ code: 'E_CONFIG', message: expect.stringContaining('/etc/c.json') }),
    );
  },
);

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
