import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Plugin } from 'esbuild';
import type { DriverInfo, DriverKind } from '../core/src/plugin/contract.ts';
import type { Called } from '../core/src/plugin/driver.ts';
import { typedDriver } from '../core/src/plugin/drivers.ts';
import type { DriverManifest } from '../core/src/plugin/package.ts';
import { SCHEMA } from '../core/src/plugin/schema.ts';
import { MemoryState } from '../core/src/plugin/state.ts';
import type { CompileOptions } from '../plugins/sdk-assemblyscript/src/index.ts';

const ROOT = join(import.meta.dirname, '..');
const OUT = join(ROOT, 'dist/drivers');
/** Pages of 64 KiB: 16 MiB. */
const MEMORY_PAGES = 256;

export interface DriverSource {
  readonly name: string;
  readonly directory: string;
  readonly kind: DriverKind;
  readonly source: string;
}

/**
 * Builds every driver of plugins/ into dist/drivers/NAME: `driver.wasm`, the component as anyone may use it; `core.wasm`,
 * the core module of it, which is what Wherry loads; `manifest.json`. A driver whose sources haven't changed is kept.
 * @returns the names of those that were built
 */
export async function buildDrivers(): Promise<string[]> {
  const shared = hashFiles(['wit', 'plugins/sdk-assemblyscript/src', 'plugins/sdk-assemblyscript/guest']);
  const drivers = driverSources().map((driver) => {
    const hash = hashFiles([join('plugins', driver.name)], shared);
    return { ...driver, hash, current: readOptional(join(OUT, driver.name, 'stamp')) === hash };
  });
  const stale = drivers.filter((driver) => !driver.current);
  if (stale.length === 0 && isComplete(drivers)) return [];
  const made = `${OUT}.${process.pid}`;
  try {
    for (const driver of drivers) {
      const out = join(made, driver.name);
      if (driver.current) cpSync(join(OUT, driver.name), out, { recursive: true });
      else await buildDriver(driver, out);
      writeFileSync(join(out, 'stamp'), driver.hash);
    }
    replace(made);
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
  return stale.map((driver) => driver.name);
}

/** Whether dist/drivers holds these drivers and no other. */
function isComplete(drivers: readonly DriverSource[]): boolean {
  return readdirSync(OUT).sort().join() === drivers.map((driver) => driver.name).join();
}

/** Two builds at once, of two test workers say, each leave a whole directory behind. */
function replace(made: string): void {
  const old = `${made}.old`;
  try {
    renameSync(OUT, old);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  try {
    renameSync(made, OUT);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
  }
  rmSync(old, { recursive: true, force: true });
}

/**
 * Gives the bundle the drivers' manifests, where the sources list dist/drivers. The modules themselves stay in their files: a
 * command needs three of them, and what is in the bundle each command reads whole.
 */
export function embedDrivers(): Plugin {
  return {
    name: 'embed-drivers',
    setup(build) {
      build.onLoad({ filter: /core\/src\/plugin\/builtin\.ts$/ }, () => ({
        contents: embeddedModule(),
        loader: 'js',
        resolveDir: OUT,
      }));
    },
  };
}

function embeddedModule(): string {
  const entries = driverSources().map(({ name }) => {
    const manifest = readFileSync(join(OUT, name, 'manifest.json'), 'utf8');
    return `{ manifest: ${manifest}, core: () => readFileSync(join(import.meta.dirname, 'drivers', '${name}', 'core.wasm')) }`;
  });
  const imports = "import { readFileSync } from 'node:fs';\nimport { join } from 'node:path';\n";
  return `${imports}const drivers = [${entries.join(',\n')}];\nexport const builtinDrivers = () => drivers;\n`;
}

/** Builds one driver, wherever its sources are, into a directory of its own. */
export async function buildDriver(driver: DriverSource, out: string): Promise<void> {
  // The compiler takes a second to load, which a build with nothing to do should not cost.
  const { compileCore, componentOf } = await import('../plugins/sdk-assemblyscript/src/index.ts');
  const options: CompileOptions = {
    wit: join(ROOT, 'wit'),
    world: `${driver.kind}-driver`,
    directory: driver.directory,
    source: driver.source,
    typesModule: '@wherry/sdk-assemblyscript/guest/types.ts',
    importsModule: '@wherry/sdk-assemblyscript/guest/host.ts',
    maximumMemory: MEMORY_PAGES,
  };
  const core = await compileCore(options);
  const component = await componentOf(core, options);
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, 'core.wasm'), core);
  writeFileSync(join(out, 'driver.wasm'), component);
  writeFileSync(join(out, 'manifest.json'), `${JSON.stringify(describe(driver, core), null, 2)}\n`);
}

/** The manifest, with what the built driver says of itself. */
function describe(driver: DriverSource, core: Uint8Array): DriverManifest {
  const info: DriverInfo = {
    name: driver.name,
    kind: driver.kind,
    version: '',
    summary: '',
    permissions: [],
    options: [],
  };
  const draft = { info, contract: SCHEMA.package, memoryPages: MEMORY_PAGES };
  const source = { manifest: draft, core: () => core };
  const loaded = typedDriver(source, { stateFor: () => new MemoryState() }) as {
    describe(): Called<DriverInfo>;
  };
  const described = loaded.describe().value;
  if (described.kind !== driver.kind)
    throw new Error(`${driver.name} is a ${described.kind} driver, not ${driver.kind}`);
  return { ...draft, info: described };
}

function driverSources(): DriverSource[] {
  const plugins = join(ROOT, 'plugins');
  return readdirSync(plugins)
    .sort()
    .flatMap((name) => {
      const text = readOptional(join(plugins, name, 'package.json'));
      const { wherry } = JSON.parse(text ?? '{}') as { wherry?: { kind: DriverKind; source: string } };
      return wherry === undefined ? [] : [{ name, directory: join(plugins, name), ...wherry }];
    });
}

function hashFiles(directories: readonly string[], seed = ''): string {
  const hash = createHash('sha256').update(seed);
  for (const directory of directories) {
    const names = readdirSync(join(ROOT, directory), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
      .filter((name) => !/\/(?:test|node_modules)\/|\.md$/.test(name))
      .sort();
    for (const name of names)
      hash
        .update(`${name}\0`)
        .update(readFileSync(join(ROOT, name)))
        .update('\0');
  }
  return hash.digest('hex');
}

function readOptional(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

if (import.meta.main) {
  const built = await buildDrivers();
  process.stdout.write(`dist/drivers: ${built.length === 0 ? 'up to date' : `built ${built.join(', ')}`}\n`);
}
