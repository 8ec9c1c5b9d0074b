import { fieldOffsets, flatten, MAX_FLAT_PARAMS, MAX_FLAT_RESULTS } from '../abi/layout.ts';
import { type Func, interfaceId, interfaceOf, type Type, type WitPackage, worldOf } from '../wit/model.ts';
import { emitImport } from './guest-host.ts';
import { mangle } from './guest-names.ts';
import { caseNames, emitLiftFlat, emitLoad, liftFlatCall } from './load.ts';
import { camelCase } from './names.ts';
import { RUNTIME } from './runtime.ts';
import { emitStore, flatLoads } from './store.ts';
import { allTypes } from './walk.ts';

export interface Glue {
  /** AssemblyScript, the entry of the compilation. */
  readonly source: string;
  /** Names of the core module's exports: from the function's name in the source to the canonical ABI's. */
  readonly exports: ReadonlyMap<string, string>;
}

export interface GlueOptions {
  readonly wit: WitPackage;
  readonly world: string;
  readonly modules: GeneratedModules;
  /** Specifier of the driver's source for an exported interface. */
  readonly implementation: (interfaceName: string) => string;
}

/** Specifiers of the generated modules, as they import each other. */
export interface GeneratedModules {
  readonly types: string;
  readonly conversions: string;
}

/** The functions that turn memory and flat values into the driver's types and back, for every type of the package. */
export function emitConversions(wit: WitPackage, modules: Pick<GeneratedModules, 'types'>): string {
  const functions = allTypes(wit).map((type) => {
    const cases =
      type.kind === 'enum' || type.kind === 'variant' || type.kind === 'result'
        ? `const CASES_${mangle(type)}: StaticArray<string> = [${caseNames(type)
            .map((name) => `'${name}'`)
            .join(', ')}];\n`
        : '';
    return cases + emitLoad(type) + emitLiftFlat(type) + emitStore(type);
  });
  return [`import * as types from '${modules.types}';`, RUNTIME, ...functions].join('\n');
}

/** The module through which a driver reaches the interfaces that its world imports. */
export function emitGuestImports(wit: WitPackage, world: string, modules: GeneratedModules): string {
  const parts = [`import * as types from '${modules.types}';`, importConversions(wit, modules)];
  for (const name of worldOf(wit, world).imports) {
    for (const fn of interfaceOf(wit, name).functions) parts.push(emitImport(interfaceId(wit, name), fn));
  }
  return parts.join('\n');
}

/**
 * The entry of the compilation: functions that lift what the host passes, call the driver's own, and lower what it answers.
 */
export function emitGlue(options: GlueOptions): Glue {
  const { wit } = options;
  const world = worldOf(wit, options.world);
  const exports = new Map<string, string>();
  const parts = [importConversions(wit, options.modules), REALLOC];
  for (const name of world.exports) {
    const driver = alias(name);
    parts.push(`import * as ${driver} from '${options.implementation(name)}';`);
    for (const fn of interfaceOf(wit, name).functions) {
      const local = `${driver}_${camelCase(fn.name)}`;
      const abiName = `${interfaceId(wit, name)}#${fn.name}`;
      parts.push(emitExport(local, `${driver}.${camelCase(fn.name)}`, fn));
      exports.set(`export_${local}`, abiName);
      exports.set(`post_${local}`, `cabi_post_${abiName}`);
    }
  }
  return { source: parts.join('\n'), exports };
}

function importConversions(wit: WitPackage, modules: GeneratedModules): string {
  const names = allTypes(wit).flatMap((type) =>
    ['load', 'liftFlat', 'store'].map((verb) => verb + mangle(type)),
  );
  return `import { allocate, reallocate, ${names.join(', ')} } from '${modules.conversions}';`;
}

const REALLOC = `
export function cabi_realloc(old: usize, oldSize: usize, align: usize, size: usize): usize {
  return reallocate(old, oldSize, align, size);
}
`;

const alias = (name: string): string => `driver_${camelCase(name)}`;

function emitExport(local: string, target: string, fn: Func): string {
  const flat = fn.params.flatMap((param) => flatten(param.type));
  const inMemory = flat.length > MAX_FLAT_PARAMS;
  const params = inMemory ? ['p: i32'] : flat.map((core, index) => `a${index}: ${core}`);
  const call = `${target}(${(inMemory ? fromMemory(fn.params) : fromFlat(fn.params)).join(', ')})`;
  const result = fn.result;
  if (result === undefined) {
    return `export function export_${local}(${params.join(', ')}): void {\n  ${call};\n}\n${postReturn(local, '')}`;
  }
  const flatResult = flatten(result);
  const indirect = flatResult.length > MAX_FLAT_RESULTS;
  const core = indirect ? 'i32' : flatResult[0];
  return [
    `export function export_${local}(${params.join(', ')}): ${core} {`,
    `  const v = ${call};`,
    `  const r = allocate(${fieldOffsets([{ type: result }]).size});`,
    `  store${mangle(result)}(r, v);`,
    `  return ${indirect ? 'r as i32' : flatLoads(result, 'r')[0]};`,
    '}',
    postReturn(local, `r: ${core}`),
  ].join('\n');
}

function postReturn(local: string, params: string): string {
  return `export function post_${local}(${params}): void {\n  __collect();\n}\n`;
}

function fromMemory(params: readonly { readonly type: Type }[]): string[] {
  const { offsets } = fieldOffsets(params);
  return params.map((param, index) => `load${mangle(param.type)}(p + ${offsets[index]})`);
}

function fromFlat(params: readonly { readonly type: Type }[]): string[] {
  let at = 0;
  return params.map((param) => {
    const names = flatten(param.type).map((_, index) => `a${at + index}`);
    at += names.length;
    return liftFlatCall(param.type, names);
  });
}
