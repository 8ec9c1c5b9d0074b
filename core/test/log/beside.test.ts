import { afterEach, expect, it, vi } from 'vitest';
import { commandBeside } from '../../src/log/beside.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

it('is Node.js itself, or Node.js with the libraries that this process was given', () => {
  vi.stubEnv('LD_LIBRARY_PATH', undefined);
  expect(commandBeside('/none', 'x.mjs', { a: 1 })).toEqual([process.execPath, '/none/main.ts', '{"a":1}']);
  vi.stubEnv('LD_LIBRARY_PATH', '/opt/lib');
  expect(commandBeside('/none', 'x.mjs', {})).toEqual([
    '/usr/bin/env',
    'LD_LIBRARY_PATH=/opt/lib',
    process.execPath,
    '/none/main.ts',
    '{}',
  ]);
});
