import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { EXIT, WherryError } from '../errors/error.ts';

/** The launcher's name in a package, by Node's name of the processor. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

let found: string | undefined;

/**
 * Absolute path of the launcher: beside the bundle in a package, in `dist/` of a checkout.
 * @throws WherryError `E_LAUNCHER_MISSING`
 */
export function findLauncher(): string {
  found ??= candidates().find(isExecutable);
  if (found !== undefined) return found;
  throw new WherryError(`The launcher for ${process.arch} is missing from this installation of Wherry.`, {
    code: 'E_LAUNCHER_MISSING',
    hint: 'Install Wherry again; in a checkout, run: npm run build',
    exitCode: EXIT.engine,
  });
}

function candidates(): readonly string[] {
  const name = `wherry-launcher-${ARCHITECTURES[process.arch] ?? process.arch}`;
  const here = import.meta.dirname;
  return [join(here, 'launcher', name), join(here, '../../../dist/launcher', name)];
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
