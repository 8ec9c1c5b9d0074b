import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const root = path.join(import.meta.dirname, '../../..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

/** Codes as they stand, quoted, in the sources of what is shipped. */
function codesIn(...folders: string[]): string[] {
  const patterns = folders.map((folder) => `${folder}/*.ts`);
  const files = execFileSync('git', ['ls-files', ...patterns], { cwd: root })
    .toString()
    .split('\n')
    .filter(Boolean);
  return files.flatMap((file) =>
    [...read(file).matchAll(/'(E_[A-Z]+(?:_[A-Z]+)*)'/g)].map(([, code = '']) => code),
  );
}

/** A driver's own refusals have their codes from the cases of the contract's `driver-error`. */
function driverCodes(): string[] {
  const cases = /variant driver-error \{([^}]*)\}/.exec(read('wit/types.wit'))?.[1] ?? '';
  return [...cases.matchAll(/([a-z-]+)\(detail\)/g)].map(
    ([, name = '']) => `E_DRIVER_${name.replaceAll('-', '_').toUpperCase()}`,
  );
}

test('every error code is documented, and no other', () => {
  const documented = new Set(read('docs/errors.md').match(/(?<=`)E_[A-Z_]+(?=`)/g));
  expect(driverCodes().length).toBeGreaterThan(3);
  expect([...documented].sort()).toEqual(
    [...new Set([...codesIn('core/src', 'cli/src'), ...driverCodes()])].sort(),
  );
});
