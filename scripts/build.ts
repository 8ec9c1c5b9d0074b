// Builds dist/, which with bin/ is all that runs on a user's machine. `node scripts/build.ts [PART...]`, all when none is named.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { bundleCli, bundleCore, bundleDriverLog, bundleRelay } from './build-bundle.ts';
import { buildLauncher } from './build-launcher.ts';

const ROOT = path.join(import.meta.dirname, '..');
const DIST = path.join(ROOT, 'dist');

const PARTS: Readonly<Record<string, () => unknown>> = {
  launcher: buildLauncher,
  drivers: async () => (await import('./build-drivers.ts')).buildDrivers(),
  cli: bundleCli,
  core: bundleCore,
  relay: bundleRelay,
  'driver-log': bundleDriverLog,
  types: buildTypes,
};

function buildTypes(): void {
  rmSync(path.join(DIST, 'types'), { recursive: true, force: true });
  execFileSync('tsc', ['--project', path.join(ROOT, 'scripts/tsconfig.types.json')], { stdio: 'inherit' });
}

mkdirSync(DIST, { recursive: true });
const asked = process.argv.slice(2);
const unknown = asked.filter((part) => !Object.hasOwn(PARTS, part));
if (unknown.length > 0)
  throw new Error(`No such part: ${unknown.join(', ')}. There are ${Object.keys(PARTS).join(', ')}.`);
for (const [name, make] of Object.entries(PARTS)) {
  if (asked.length === 0 || asked.includes(name)) await make();
}
