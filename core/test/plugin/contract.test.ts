import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { formatted, generatedFiles } from '../../../scripts/generate-contract.ts';

const ROOT = join(import.meta.dirname, '../../..');

test.each([...generatedFiles()])(
  '%s is what wit/ says (else run node scripts/generate-contract.ts)',
  (path, text) => {
    expect(readFileSync(join(ROOT, path), 'utf8')).toBe(formatted(path, text));
  },
);
