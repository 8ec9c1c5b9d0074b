import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { embedDrivers } from './build-drivers.ts';
import { joinChunks } from './bundle-chunks.ts';

const ROOT = path.join(import.meta.dirname, '..');
const DIST = path.join(ROOT, 'dist');
/** Resolves as the engine does, whose dependencies these are. */
const require = createRequire(path.join(ROOT, 'core/package.json'));

const COMMON = {
  absWorkingDir: ROOT,
  bundle: true,
  platform: 'node',
  target: 'node22',
  minify: true,
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
} as const satisfies BuildOptions;

/**
 * What oclif's `Command` and `Flags` load and Wherry never reaches: configuration loading, oclif's own parser and help,
 * colours, error rendering. Each is replaced by the few names that are mentioned at load; touching anything else
 * throws at once, so that a new use of oclif can't fail quietly.
 */
const UNUSED_IN_OCLIF: Readonly<Record<string, string>> = {
  './config': '{}',
  './help': '{}',
  './help/util': '{}',
  './parser': '{}',
  './util/fs': '{}',
  './ux': '{}',
  './logger': '{ makeDebug: () => () => {} }',
  './cache':
    '{ default: { getInstance: () => new Map([["@oclif/core", { name: "@oclif/core", version: "" }]]) }, __esModule: true }',
  './errors': '{}',
};

const slimOclif: Plugin = {
  name: 'slim-oclif',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\.{1,2}\// }, ({ path: file, importer }) => {
      if (
        !/@oclif\/core\/lib\/[^/]+\.js$/.test(importer) &&
        !/@oclif\/core\/lib\/util\/[^/]+\.js$/.test(importer)
      )
        return undefined;
      return Object.hasOwn(UNUSED_IN_OCLIF, file) ? { path: file, namespace: 'oclif-unused' } : undefined;
    });
    onLoad({ filter: /.*/, namespace: 'oclif-unused' }, ({ path: file }) => ({ contents: guarded(file) }));
    onLoad({ filter: /@oclif\/core\/lib\/command\.js$/ }, ({ path: file }) => {
      const source = readFileSync(file, 'utf8');
      // Opening process.stdout costs a millisecond and leaves a pipe non-blocking for the program that follows.
      const opensStdout = /process\.stdout\.on\('error',[\s\S]*?\n\}\);\n/;
      if (!opensStdout.test(source))
        throw new Error(`${file} has changed: it no longer listens on process.stdout.`);
      return { contents: source.replace(opensStdout, ''), loader: 'js' };
    });
  },
};

function guarded(file: string): string {
  return `module.exports = new Proxy(${UNUSED_IN_OCLIF[file]}, { get(all, name) {
    if (name in all || typeof name === 'symbol' || name === '__esModule' || name === 'default') return all[name];
    throw new Error('oclif ' + ${JSON.stringify(file)} + ' is left out of the bundle: ' + name);
  } });`;
}

/** package.json is imported for the version alone. */
const versionOnly: Plugin = {
  name: 'version-only',
  setup({ onLoad }) {
    onLoad({ filter: new RegExp(`^${ROOT}/package\\.json$`) }, ({ path: file }) => {
      const { name, version } = JSON.parse(readFileSync(file, 'utf8'));
      return { contents: JSON.stringify({ name, version }), loader: 'json' };
    });
  },
};

/**
 * Packages that only few commands need: each is a file of its own, read when it is first used. What the bundle holds
 * each command reads.
 */
const APART = ['undici', 'pino', 'tar-stream'];

const apart: Plugin = {
  name: 'apart',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: new RegExp(`^(${APART.join('|')})$`) }, ({ path: name }) => ({
      path: name,
      namespace: 'apart',
      sideEffects: false,
    }));
    onResolve({ filter: /^\.\/vendor\//, namespace: 'apart' }, ({ path: file }) => ({
      path: file,
      external: true,
    }));
    onLoad({ filter: /.*/, namespace: 'apart' }, ({ path: name }) => ({
      contents: once(`require("./vendor/${name}.cjs")`, Object.keys(require(name))),
      loader: 'js',
    }));
  },
};

/**
 * Modules of Node.js that take 0.4 to 5 ms to load, while most commands only mention them. Each name imported from them stands
 * for the real thing from its first use on: a call, `new`, or a look at a property.
 */
const HEAVY = [
  'child_process',
  'crypto',
  'dgram',
  'dns',
  'http',
  'https',
  'tls',
  'fs/promises',
  'net',
  'os',
  'perf_hooks',
  'readline',
  'readline/promises',
  'stream',
  'stream/promises',
  'stream/web',
  'zlib',
];

/** The other ones are asked for once: `require` of each module that imports them is 3 to 7 µs, and `run` has a hundred. */
const builtins: Plugin = {
  name: 'builtins',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:/ }, ({ path: name, kind }) =>
      kind === 'import-statement' ? { path: name, namespace: 'builtin', sideEffects: false } : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path: name }) => ({
      contents: HEAVY.includes(name.slice('node:'.length))
        ? lazily(name)
        : once(`process.getBuiltinModule(${JSON.stringify(name)})`, namesOf(name)),
      loader: 'js',
    }));
  },
};

const namesOf = (name: string): readonly string[] =>
  Object.keys(process.getBuiltinModule(name) ?? {}).filter((each) => each !== 'default');

/** A module with the properties of `all`, an expression, that are imported somewhere. */
function once(all: string, names: readonly string[]): string {
  return [
    `const all = ${all};`,
    'const get = (name) => all[name];',
    ...names
      .filter((each) => each !== 'default')
      .map((each) => `export const ${each} = /* @__PURE__ */ get(${JSON.stringify(each)});`),
    'export default all;',
  ].join('\n');
}

function lazily(name: string): string {
  return [
    `let loaded; const load = () => loaded ??= process.getBuiltinModule(${JSON.stringify(name)});`,
    `const lazy = (name) => new Proxy(function () {}, {
      get: (_, key) => load()[name][key],
      apply: (_, self, values) => Reflect.apply(load()[name], self, values),
      construct: (_, values) => Reflect.construct(load()[name], values),
    });`,
    ...namesOf(name).map((each) => `export const ${each} = /* @__PURE__ */ lazy(${JSON.stringify(each)});`),
  ].join('\n');
}

async function bundleApart(): Promise<void> {
  await build({
    ...COMMON,
    entryPoints: Object.fromEntries(APART.map((name) => [name, require.resolve(name)])),
    outdir: path.join(DIST, 'vendor'),
    outExtension: { '.js': '.cjs' },
    format: 'cjs',
  });
}

/** dist/cli.cjs and dist/main.cjs, which loads it. */
export async function bundleCli(): Promise<void> {
  const bundle = path.join(DIST, 'cli.cjs');
  await bundleApart();
  const { outputFiles } = await build({
    ...COMMON,
    entryPoints: { main: 'cli/src/main.ts' },
    outdir: DIST,
    write: false,
    format: 'esm',
    splitting: true,
    charset: 'ascii',
    plugins: [slimOclif, versionOnly, apart, builtins, embedDrivers()],
    define: { 'import.meta.dirname': '__dirname', 'import.meta.filename': '__filename' },
  });
  const chunks = outputFiles.map(({ path: file, text }) => ({ name: path.basename(file), text }));
  const script = joinChunks(chunks, 'main.js');
  writeFileSync(bundle, script);
  const hash = createHash('sha256').update(script).digest('hex').slice(0, 16);
  await build({
    ...COMMON,
    entryPoints: ['cli/src/loader.ts'],
    outfile: path.join(DIST, 'main.cjs'),
    format: 'cjs',
    // So old a syntax that an old Node.js gets as far as saying that it is too old.
    target: 'node8',
    define: { BUNDLE_HASH: JSON.stringify(hash) },
  });
}

/** dist/core.js: the engine as a library, for `import { Engine } from 'wherry'`. The files apart are those of the command line. */
export async function bundleCore(): Promise<void> {
  await build({
    ...COMMON,
    entryPoints: ['core/src/index.ts'],
    // Errors that a program doesn't catch are shown by Node.js with the line that threw them.
    minifyIdentifiers: false,
    lineLimit: 160,
    outfile: path.join(DIST, 'core.js'),
    format: 'esm',
    plugins: [versionOnly, apart, embedDrivers()],
    define: { 'import.meta.dirname': '__dirname' },
    banner: {
      js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url),__dirname=import.meta.dirname;",
    },
  });
}

/** dist/log-relay.mjs: the process beside a container whose log goes out by TLS. */
export async function bundleRelay(): Promise<void> {
  await build({
    ...COMMON,
    entryPoints: ['core/src/log/relay/main.ts'],
    outfile: path.join(DIST, 'log-relay.mjs'),
    format: 'esm',
  });
}

/** dist/log-driver.mjs: the process beside a container whose log driver writes by itself. */
export async function bundleDriverLog(): Promise<void> {
  await build({
    ...COMMON,
    entryPoints: ['core/src/log/driver/main.ts'],
    outfile: path.join(DIST, 'log-driver.mjs'),
    format: 'esm',
    plugins: [embedDrivers()],
  });
}
