import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { componentEmbed, componentNew } from '@bytecodealliance/jco-transpile/wasm-tools';
import asc from 'assemblyscript/asc';
import type binaryen from 'binaryen';
import { emitConversions, emitGlue, emitGuestImports } from '../emit/glue.ts';
import { emitGuestTypes } from '../emit/guest-types.ts';
import { readWit, witSource } from '../wit/read.ts';
import { toAssemblyScript } from './dialect.ts';

export interface CompileOptions {
  /** Directory of the WIT package. */
  readonly wit: string;
  readonly world: string;
  /** Directory of the driver; `source` is relative to it. */
  readonly directory: string;
  readonly source: string;
  /** Module specifiers in the driver's sources that stand for the generated types and for the world's imports. */
  readonly typesModule: string;
  readonly importsModule: string;
  /** Pages of 64 KiB that the component may use at most. */
  readonly maximumMemory: number;
}

/** What asc had to say against a source. */
export class CompileError extends Error {
  override readonly name = 'CompileError';
}

const ENTRY = 'wherry-glue.ts';
const CONVERSIONS = '@wherry/sdk-assemblyscript/generated/conversions.ts';

/**
 * Makes a component of a core module that has the canonical ABI's names, as `compileCore` gives it.
 */
export async function componentOf(
  core: Uint8Array,
  options: Pick<CompileOptions, 'wit' | 'world'>,
): Promise<Uint8Array> {
  const witText = witSource(options.wit);
  const embedded = await componentEmbed({
    binary: core,
    witSource: witText,
    world: options.world,
    stringEncoding: 'utf16',
  });
  return componentNew(embedded, []);
}

/**
 * Compiles an AssemblyScript source to a core module with the canonical ABI's names for its exports.
 * @throws CompileError with asc's diagnostics
 */
export async function compileCore(options: CompileOptions): Promise<Uint8Array> {
  const wit = readWit(options.wit);
  const modules = { types: options.typesModule, conversions: CONVERSIONS };
  const glue = emitGlue({ wit, world: options.world, modules, implementation: () => `./${options.source}` });
  const generated = new Map([
    [ENTRY, glue.source + ABORT],
    [CONVERSIONS, emitConversions(wit, modules)],
    [options.typesModule, emitGuestTypes(wit, 'assemblyscript')],
    [options.importsModule, emitGuestImports(wit, options.world, modules)],
  ]);
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main([ENTRY, ...flags(options)], {
    readFile: (name) => readSource(name, options.directory, generated),
    writeFile: (name, contents) => {
      if (name.endsWith('.wasm') && typeof contents !== 'string') binary = contents;
    },
    listFiles: () => [],
    transforms: [renaming(glue.exports)],
  });
  if (error !== null || binary === undefined)
    throw new CompileError(`${stderr.toString()}${error?.message ?? ''}`);
  return binary;
}

const ABORT = `
export function abortDriver(message: string | null, file: string | null, line: u32, column: u32): void {
  unreachable();
}
`;

function flags(options: CompileOptions): string[] {
  return [
    '--outFile',
    'driver.wasm',
    '--runtime',
    'minimal',
    '-O2',
    '--shrinkLevel',
    '2',
    '--maximumMemory',
    String(options.maximumMemory),
    '--use',
    `abort=${ENTRY.replace('.ts', '')}/abortDriver`,
  ];
}

/**
 * Sources come from the driver's directory or a node_modules above it; generated modules from memory. asc appends `.ts` to
 * the specifier of a package's module even when it ends so.
 */
function readSource(name: string, directory: string, generated: ReadonlyMap<string, string>): string | null {
  const path = name.replace(/\.ts\.ts$/, '.ts');
  for (const [specifier, text] of generated) {
    if (path === specifier || path.endsWith(`node_modules/${specifier}`)) return toAssemblyScript(text);
  }
  // A driver that lies outside of this checkout has no node_modules with the package that this file is of.
  const own = /(?:^|node_modules\/)@wherry\/sdk-assemblyscript\/(guest\/.*)$/.exec(path)?.[1];
  const source =
    readText(join(directory, path)) ?? (own === undefined ? undefined : readText(join(SDK, own)));
  return source === undefined ? null : toAssemblyScript(source);
}

const SDK = join(import.meta.dirname, '../..');

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** The interface of asc's transforms that is used here; asc gives the instance its own `binaryen`. */
interface Transform {
  readonly binaryen: typeof binaryen;
  afterCompile(module: binaryen.Module): void;
}

/** asc can't export a function under a name that is no identifier, so its exports are renamed before it optimizes. */
function renaming(names: ReadonlyMap<string, string>): never {
  const transform = function Transform() {} as unknown as { prototype: Partial<Transform> };
  transform.prototype.afterCompile = function afterCompile(this: Transform, module) {
    for (const { name, value } of exportsOf(this.binaryen, module)) {
      const renamed = names.get(name);
      if (renamed !== undefined) module.addFunctionExport(value, renamed);
      if (name !== 'memory' && name !== 'cabi_realloc') module.removeExport(name);
    }
  };
  return transform as never;
}

function exportsOf(api: typeof binaryen, module: binaryen.Module): binaryen.ExportInfo[] {
  return Array.from({ length: module.getNumExports() }, (_, index) =>
    api.getExportInfo(module.getExportByIndex(index)),
  );
}
