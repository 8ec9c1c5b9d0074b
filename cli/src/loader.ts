/**
 * dist/main.cjs: what Node.js reads first. It refuses a Node.js that is too old, then runs the bundle with V8's code
 * cache from the user's cache directory. Node's own compile cache keeps only what was compiled at load; one that is made
 * at the end of a run holds each function that the command used, so there is one for each command.
 *
 * Nothing may be imported: this file must still parse and speak on a Node.js that lacks what Wherry needs.
 */
import type { Front } from './front.ts';
import type { MainHooks } from './main.ts';

declare const BUNDLE_HASH: string;
declare const require: NodeJS.Require;
declare const __dirname: string;

const OLDEST: readonly [number, number] = [22, 15];
const STALE_AFTER_MS = 30 * 24 * 3600 * 1000;

type Bundle = { exports: { main?: (argv: string[], hooks: MainHooks) => Promise<number> } };

if (supported()) void start();
else {
  process.stderr.write(
    `wherry: Node.js ${process.versions.node} (${process.execPath}) is too old to run Wherry.\n` +
      'Install Wherry without --omit=optional, which brings its own, or set WHERRY_NODE to a Node.js 22.15 or later.\n',
  );
  process.exit(125);
}

function supported(): boolean {
  const words = process.versions.node.split('.');
  const major = Number(words[0]);
  const minor = Number(words[1]);
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) return false;
  return typeof process.execve === 'function';
}

async function start(): Promise<void> {
  const fs = process.getBuiltinModule('node:fs');
  const vm = process.getBuiltinModule('node:vm');

  const front = takeFront();
  silenceExperimental();
  const file = `${__dirname}/cli.cjs`;
  const command = cacheName(process.argv[2]);
  const cache = cacheFile(command);
  const cachedData = cache === undefined ? undefined : readOwn(cache);
  // esbuild's output is pure ASCII; as latin1 it is one byte a character, which V8 takes without a conversion. The function
  // around it is in the file: Module.wrap would copy it, and marks Node's own as patched, which loads its TypeScript compiler.
  const script = new vm.Script(fs.readFileSync(file, 'latin1'), {
    filename: file,
    ...(cachedData === undefined ? {} : { cachedData }),
    importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  let toSave = cache !== undefined && (cachedData === undefined || script.cachedDataRejected === true);
  const saveCodeCache = (ran: string): void => {
    if (!toSave || cache === undefined || ran !== command) return;
    toSave = false;
    save(cache, script.createCachedData());
  };
  const module: Bundle = { exports: {} };
  script.runInThisContext().call(module.exports, module.exports, require, module, file, __dirname);
  const main = module.exports.main;
  if (main === undefined) throw new Error(`${file} is not Wherry's bundle`);
  process.exit(await main(process.argv.slice(2), { saveCodeCache, front }));
}

/** Told by a variable, which nobody else is to see. One that came along from elsewhere isn't of this process's parent. */
function takeFront(): Front | undefined {
  const [, descriptor, pid] = /^(\d+):(\d+)$/.exec(process.env.WHERRY_FRONT ?? '') ?? [];
  delete process.env.WHERRY_FRONT;
  if (descriptor === undefined || Number(pid) !== process.ppid) return undefined;
  return { descriptor: Number(descriptor), pid: Number(pid) };
}

/** node:sqlite and process.execve are used knowingly; a warning in the middle of a container's output helps nobody. */
function silenceExperimental(): void {
  const emit = process.emitWarning.bind(process);
  process.emitWarning = (warning: string | Error, ...rest: unknown[]): void => {
    const [kind] = rest;
    const type = typeof kind === 'string' ? kind : (kind as { type?: string } | undefined)?.type;
    if (type === 'ExperimentalWarning') return;
    Reflect.apply(emit, process, [warning, ...rest]);
  };
}

/** The command whose functions are needed; help under every name that it has as a flag. */
function cacheName(word: string | undefined): string {
  return word === undefined || word === '--help' || word === '-h' ? 'help' : word;
}

/** Undefined when there is no word that could name a command, or no home. */
function cacheFile(command: string): string | undefined {
  if (!/^[a-z]{1,16}$/.test(command)) return undefined;
  const { XDG_CACHE_HOME, HOME } = process.env;
  const base = XDG_CACHE_HOME?.startsWith('/')
    ? XDG_CACHE_HOME
    : HOME?.startsWith('/')
      ? `${HOME}/.cache`
      : undefined;
  if (base === undefined) return undefined;
  const node = `${process.version}-${process.arch}-${flagsKey()}`;
  return `${base}/wherry/${BUNDLE_HASH}-${node}-${command}.v8`;
}

/**
 * V8 refuses a cache that was made under other flags than it has now. With one for all, a command that is called with these and
 * with those, turn by turn, would make it anew each time.
 */
function flagsKey(): string {
  let key = 0;
  for (const character of `${process.execArgv.join(' ')} ${process.env.NODE_OPTIONS ?? ''}`)
    key = (key * 31 + character.charCodeAt(0)) >>> 0;
  return key.toString(36);
}

/** The file when it belongs to this user and nobody else may write it: what it holds is as good as code. */
function readOwn(file: string): Buffer | undefined {
  const fs = process.getBuiltinModule('node:fs');
  let fd: number | undefined;
  try {
    fd = fs.openSync(file, 'r');
    const { uid, mode, size } = fs.fstatSync(fd);
    if (uid !== process.geteuid?.() || (mode & 0o022) !== 0) return undefined;
    const data = Buffer.allocUnsafeSlow(size);
    return fs.readSync(fd, data) === size ? data : undefined;
  } catch {
    // Not there yet, or not readable: the bundle is compiled from its source, as ever.
    return undefined;
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
}

function save(file: string, data: Buffer): void {
  const fs = process.getBuiltinModule('node:fs');
  const directory = file.slice(0, file.lastIndexOf('/'));
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    makeDirectory(directory.slice(0, directory.lastIndexOf('/')));
    makeDirectory(directory);
    // Under sudo that keeps HOME this is somebody else's directory: leave nothing of root's in it.
    if (fs.statSync(directory).uid !== process.geteuid?.()) return;
    fs.writeFileSync(temporary, data, { mode: 0o600, flag: 'wx' });
    fs.renameSync(temporary, file);
    removeStale(directory);
  } catch {
    // A cache that can't be written (read-only home, full disk) costs some milliseconds the next time, nothing else.
    try {
      fs.rmSync(temporary, { force: true });
    } catch {
      // Nothing can be there where no directory can be.
    }
  }
}

/** One level: Node's recursive mkdir never returns where a file system answers ENOENT to every mkdir, as /proc does. */
function makeDirectory(directory: string): void {
  const fs = process.getBuiltinModule('node:fs');
  if (!fs.existsSync(directory)) fs.mkdirSync(directory, { mode: 0o700 });
}

function removeStale(directory: string): void {
  const fs = process.getBuiltinModule('node:fs');
  const now = Date.now();
  for (const name of fs.readdirSync(directory)) {
    const file = `${directory}/${name}`;
    if (/\.(v8|tmp)$/.test(name) && now - fs.statSync(file).mtimeMs > STALE_AFTER_MS)
      fs.rmSync(file, { force: true });
  }
}
