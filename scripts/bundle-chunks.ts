import { Script } from 'node:vm';

/** A file of esbuild's output with code splitting, by its name in the output directory. */
export interface Chunk {
  readonly name: string;
  readonly text: string;
}

/**
 * One script of many ES modules, each of which is a function that runs when the module is first asked for. So what a
 * command has no use for is neither compiled nor evaluated nor kept in its code cache; in one scope for all, as esbuild
 * bundles without splitting, each of thousands of functions costs every command.
 *
 * It relies on how esbuild writes modules: `import` statements first, one `export` statement last, and chunks that don't
 * import each other in a circle. The latter is checked, and what is left of the former wouldn't compile.
 * @param entry the module whose exports the script has
 */
export function joinChunks(chunks: readonly Chunk[], entry: string): string {
  const numbers = new Map(chunks.map(({ name }, index) => [name, index]));
  refuseCircles(chunks);
  const modules = chunks.map(({ text }) => `(__exports)=>{${asFunctionBody(text, numbers)}}`);
  const script = `(function(exports,require,module,__filename,__dirname){"use strict";
const __modules=[${modules.join(',\n')}];
const __loaded=[];
const __use=(number)=>{let found=__loaded[number];if(found===undefined){__loaded[number]=found={};__modules[number](found)}return found};
const __import=(number)=>Promise.resolve().then(()=>__use(number));
Object.assign(exports,__use(${numbers.get(entry)}))})`;
  new Script(script);
  return script;
}

const IMPORT = /^\s*import(?:([^"';()]+?)from)?\s*"([^"]+)";/;
const EXPORT = /export\{([^}]*)\};?\s*$/;
const DYNAMIC_IMPORT = /\bimport\("\.\/([\w-]+\.js)"\)/g;

function asFunctionBody(text: string, numbers: ReadonlyMap<string, number>): string {
  const loads: string[] = [];
  let rest = text;
  for (let match = IMPORT.exec(rest); match !== null; match = IMPORT.exec(rest)) {
    const [statement, names, from = ''] = match;
    const number = numbers.get(from.replace('./', ''));
    const source = number === undefined ? `require(${JSON.stringify(from)})` : `__use(${number})`;
    loads.push(names === undefined ? `${source};` : `${binding(names.trim())}=${source};`);
    rest = rest.slice(statement.length);
  }
  const exported = EXPORT.exec(rest)?.[1]?.split(',') ?? [];
  const assignments = exported
    .filter((each) => each !== '')
    .map((each) => each.split(' as '))
    .map(([local = '', name = local]) => `__exports.${name}=${local};`);
  const body = rest
    .replace(EXPORT, '')
    .replace(DYNAMIC_IMPORT, (_all, name: string) => `__import(${numbers.get(name)})`);
  return `${loads.join('')}${body}\n;${assignments.join('')}`;
}

/** `{a as b,c}` is `const{a:b,c}`; the default of a CommonJS module, and `* as` of it, is the module. */
function binding(names: string): string {
  if (names.startsWith('{')) return `const${names.replace(/ as /g, ':')}`;
  const simple = /^(?:\*\s*as\s+)?([\w$]+)$/.exec(names)?.[1];
  if (simple === undefined) throw new Error(`esbuild wrote an import that isn't known here: ${names}`);
  return `const ${simple}`;
}

/** What a module of a circle imports would not be there yet when it is first run. */
function refuseCircles(chunks: readonly Chunk[]): void {
  const imports = new Map(chunks.map(({ name, text }) => [name, importsOf(text)]));
  const done = new Set<string>();
  const visit = (name: string, way: readonly string[]): void => {
    if (way.includes(name)) throw new Error(`chunks import each other: ${[...way, name].join(' → ')}`);
    if (done.has(name)) return;
    for (const each of imports.get(name) ?? []) visit(each, [...way, name]);
    done.add(name);
  };
  for (const { name } of chunks) visit(name, []);
}

function importsOf(text: string): readonly string[] {
  const found: string[] = [];
  let rest = text;
  for (let match = IMPORT.exec(rest); match !== null; match = IMPORT.exec(rest)) {
    const [statement, , from = ''] = match;
    found.push(from.replace('./', ''));
    rest = rest.slice(statement.length);
  }
  return found;
}
