import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDrivers } from '../../src/plugin/drivers.ts';
import { MemoryState } from '../../src/plugin/state.ts';

const MANIFEST = {
  info: { name: 'mine', kind: 'log', version: '1.0.0', summary: 'Mine.', permissions: [], options: [] },
  contract: 'wherry:driver@0.1.0',
  memoryPages: 16,
} as const;
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'wherry-drivers-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function install(name: string, manifest: string): void {
  mkdirSync(join(directory, name));
  writeFileSync(join(directory, name, 'manifest.json'), manifest);
}

const stateFor = () => new MemoryState();

test('drivers of a directory are listed beside built-in ones without being loaded', () => {
  install('mine', JSON.stringify(MANIFEST));
  const builtin = {
    manifest: { ...MANIFEST, info: { ...MANIFEST.info, name: 'own' } },
    core: () => new Uint8Array(),
  };
  const drivers = openDrivers({
    builtin: [builtin],
    directories: [directory, join(directory, 'nowhere')],
    stateFor,
  });
  expect(drivers.list().map(({ name }) => name)).toEqual(['mine', 'own']);
  expect(drivers.log('mine').info.summary).toBe('Mine.');
});

test('a built-in driver isn’t replaced by an installed one of its name', () => {
  install('mine', JSON.stringify({ ...MANIFEST, info: { ...MANIFEST.info, summary: 'Another.' } }));
  const drivers = openDrivers({
    builtin: [{ manifest: MANIFEST, core: () => new Uint8Array() }],
    directories: [directory],
    stateFor,
  });
  expect(drivers.log('mine').info.summary).toBe('Mine.');
});

test('a name is looked up within its kind', () => {
  install('mine', JSON.stringify(MANIFEST));
  const drivers = openDrivers({ builtin: [], directories: [directory], stateFor });
  expect(() => drivers.storage('mine')).toThrowError(
    expect.objectContaining({ code: 'E_DRIVER_NOT_INSTALLED' }),
  );
});

test('a driver that people know from Docker is not there for a reason', () => {
  const drivers = openDrivers({ builtin: [], directories: [], stateFor });
  const hint = expect.stringContaining('takes root');
  expect(() => drivers.storage('devicemapper')).toThrowError(expect.objectContaining({ hint }));
  expect(() => drivers.network('macvlan')).toThrowError(expect.objectContaining({ hint }));
  expect(() => drivers.log('constructor')).toThrowError(
    expect.objectContaining({ hint: 'No log driver is installed.' }),
  );
});
