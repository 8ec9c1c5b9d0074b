import { afterEach, expect, it, vi } from 'vitest';
import { nodeCommand } from '../../src/log/beside.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

it('is Node.js itself, or Node.js with the libraries that this process was given', () => {
  vi.stubEnv('LD_LIBRARY_PATH', undefined);
  expect(nodeCommand('x.mjs', 'y')).toEqual([process.execPath, 'x.mjs', 'y']);
  vi.stubEnv('LD_LIBRARY_PATH', '/opt/lib');
  expect(nodeCommand('x.mjs')).toEqual([
    '/usr/bin/env',
    'LD_LIBRARY_PATH=/opt/lib',
    process.execPath,
    'x.mjs',
  ]);
});
