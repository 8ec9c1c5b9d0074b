import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, renameSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.join(import.meta.dirname, '..');
const BUILT = path.join(ROOT, 'launcher/build');

/** Names of the processor as container images have them. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/**
 * dist/launcher/wherry-launcher-ARCH; in dist/starter/ARCH/ the programs of which Wherry makes the image wherry/hello; and in
 * dist/lib/ARCH/ what the package's Node.js may lack on the machine.
 */
export function buildLauncher(): void {
  execFileSync('make', ['--silent', '--directory', path.join(ROOT, 'launcher')], { stdio: 'inherit' });
  const architecture = ARCHITECTURES[process.arch] ?? process.arch;
  place('wherry-launcher', `launcher/wherry-launcher-${architecture}`);
  for (const name of ['hello', 'toolbox']) place(name, `starter/${architecture}/${name}`);
  place('libatomic.so.1', `lib/${architecture}/libatomic.so.1`);
}

/** By a rename, because what runs can't be overwritten. */
function place(name: string, target: string): void {
  const file = path.join(ROOT, 'dist', target);
  mkdirSync(path.dirname(file), { recursive: true });
  copyFileSync(path.join(BUILT, name), `${file}.new`);
  renameSync(`${file}.new`, file);
}
