import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { emitContract } from '../plugins/sdk-assemblyscript/src/emit/contract.ts';
import { emitNativeHost } from '../plugins/sdk-assemblyscript/src/emit/guest-host.ts';
import { emitGuestTypes } from '../plugins/sdk-assemblyscript/src/emit/guest-types.ts';
import { emitSchema } from '../plugins/sdk-assemblyscript/src/emit/schema.ts';
import { interfaceOf } from '../plugins/sdk-assemblyscript/src/wit/model.ts';
import { readWit } from '../plugins/sdk-assemblyscript/src/wit/read.ts';

const ROOT = join(import.meta.dirname, '..');

/** What is generated from wit/ and committed: paths in the repository, with their texts before formatting. */
export function generatedFiles(): ReadonlyMap<string, string> {
  const wit = readWit(join(ROOT, 'wit'));
  return new Map([
    ['core/src/plugin/contract.ts', emitContract(wit)],
    ['core/src/plugin/schema.ts', emitSchema(wit)],
    ['plugins/sdk-assemblyscript/guest/types.ts', emitGuestTypes(wit, 'typescript')],
    ['plugins/sdk-assemblyscript/guest/host.ts', emitNativeHost(interfaceOf(wit, 'host'), './types.ts')],
  ]);
}

/** A generated file as it is committed. */
export function formatted(path: string, text: string): string {
  const args = ['format', `--stdin-file-path=${path}`];
  return execFileSync('biome', args, {
    cwd: ROOT,
    input: text,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'inherit'],
  });
}

// To be run after a change of wit/; a test tells when it was forgotten.
if (import.meta.main) {
  for (const [path, text] of generatedFiles()) writeFileSync(join(ROOT, path), formatted(path, text));
}
