import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { singleIdBinds } from '../../src/container/single-id-binds.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'wherry-single-id-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const overlay = (...lower: string[]) =>
  [{ op: 'rootfs-overlay', mountpoint: '/m', lower, upper: undefined, options: [] }] as const;

it('brings the setting of apt into an image that has apt, from whichever layer', () => {
  const layer = join(directory, 'layer');
  mkdirSync(join(layer, 'etc/apt/apt.conf.d'), { recursive: true });
  const [bind, ...others] = singleIdBinds(join(directory, 'cache'), overlay(join(directory, 'other'), layer));
  expect(others).toEqual([]);
  expect(bind).toMatchObject({ target: '/etc/apt/apt.conf.d/99wherry-single-id', readOnly: true });
  expect(readFileSync(bind?.source ?? '', 'utf8')).toContain('APT::Sandbox::User "root"');
});

it('leaves an image without apt alone', () => {
  expect(singleIdBinds(join(directory, 'cache'), overlay(directory))).toEqual([]);
});
