import { posix } from 'node:path';
import { misread } from '../errors/argument.ts';
import type { MountFlag, Propagation } from '../program/operation.ts';
import { parseCsvLine } from './csv.ts';
import { mountError } from './error.ts';
import { askedMount } from './mount-options.ts';
import { checkVolumeName } from './name.ts';
import type { MountRequest } from './request.ts';
import { checkSubpath } from './subpath.ts';
import { checkTarget } from './target.ts';
import { tmpfsOptions, tmpfsSize } from './tmpfs.ts';

const TYPES = ['bind', 'volume', 'tmpfs', 'image'] as const;
type Type = (typeof TYPES)[number];

const PROPAGATIONS = ['rprivate', 'private', 'rshared', 'shared', 'rslave', 'slave'];

/** Other names that Docker takes for a key. */
const ALIASES: Readonly<Record<string, string>> = {
  src: 'source',
  dst: 'target',
  destination: 'target',
  ro: 'readonly',
  chown: 'U',
};

/** Keys whose value may be left out, meaning yes. */
const SWITCHES: ReadonlySet<string> = new Set([
  'readonly',
  'volume-nocopy',
  'bind-nonrecursive',
  'bind-create-src',
  'U',
]);

/** Keys that may be given more than once. */
const REPEATED: ReadonlySet<string> = new Set(['volume-label', 'volume-opt']);

const KEYS: ReadonlySet<string> = new Set(
  [
    'type source target readonly U consistency',
    'bind-propagation bind-nonrecursive bind-recursive bind-create-src',
    'volume-nocopy volume-subpath volume-driver volume-label volume-opt',
    'tmpfs-size tmpfs-mode',
  ]
    .join(' ')
    .split(' '),
);

type Fields = ReadonlyMap<string, readonly string[]>;

/**
 * Reads `--mount type=…,source=…,target=…[,…]` as Docker does; a volume is the default type. A relative source of a bind
 * that begins with a dot lies below `directory`.
 *
 * @throws WherryError `E_MOUNT_INVALID`, `E_MOUNT_TARGET`, `E_VOLUME_NAME`, `E_TMPFS_OPTION`
 */
export function parseMountFlag(spec: string, directory = process.cwd()): MountRequest {
  const fields = readFields(spec);
  const type = readType(fields, spec);
  for (const key of fields.keys()) {
    const [prefix, rest] = key.split('-');
    const foreign = rest !== undefined && prefix !== type;
    if (foreign || (key === 'U' && type !== 'bind' && type !== 'volume')) {
      throw invalid(
        spec,
        `cannot mix '${rest === undefined ? key : `${prefix}-*`}' options with mount type '${type}'`,
      );
    }
  }
  const common = {
    target: checkTarget(requiredTarget(fields, spec), spec),
    readOnly: isOn(fields, 'readonly', spec),
  };
  const chown = isOn(fields, 'U', spec);
  const source = one(fields, 'source');
  const asked = (path = source) => ({
    asked: askedMount(type, fields, path, (key) => isOn(fields, key, spec)),
  });
  switch (type) {
    case 'bind': {
      const bound = bind(fields, spec, directory, common.readOnly);
      return { kind: 'bind', ...common, chown, mode: '', ...bound, ...asked(bound.source) };
    }
    case 'volume':
      return {
        kind: 'volume',
        ...common,
        chown,
        mode: 'z',
        yields: false,
        ...volume(fields, spec),
        ...asked(),
      };
    case 'tmpfs':
      if (source !== undefined) throw refuse(type, 'field Source must not be specified');
      return {
        kind: 'tmpfs',
        byFlag: false,
        target: common.target,
        ...tmpfs(fields, spec, common.readOnly),
        ...asked(),
      };
    case 'image':
      if (!source) throw refuse(type, 'field Source must not be empty');
      return {
        kind: 'image',
        target: common.target,
        readOnly: true,
        reference: source,
        ...asked(),
      };
  }
}

function readFields(spec: string): Fields {
  if (spec === '') throw invalid(spec, 'EOF');
  const words = spec.includes('\0') ? undefined : parseCsvLine(spec);
  if (words === undefined) throw invalid(spec, 'its quotes do not match');
  const fields = new Map<string, string[]>();
  for (const word of words) {
    const equals = word.indexOf('=');
    const written = (equals === -1 ? word : word.slice(0, equals)).trim();
    const lower = written === 'U' ? written : written.toLowerCase();
    const key = Object.hasOwn(ALIASES, lower) ? (ALIASES[lower] ?? lower) : lower;
    if (equals === -1 && !SWITCHES.has(key))
      throw invalid(spec, `invalid field '${word}' must be a key=value pair`);
    if (!KEYS.has(key)) throw invalid(spec, `unexpected key '${written}' in '${word}'`);
    const before = fields.get(key) ?? [];
    if (before.length > 0 && !REPEATED.has(key)) throw invalid(spec, `'${written}' is given twice`);
    fields.set(key, [...before, equals === -1 ? 'true' : word.slice(equals + 1)]);
  }
  return fields;
}

function readType(fields: Fields, spec: string): Type {
  const text = one(fields, 'type') ?? 'volume';
  if (text === '') throw invalid(spec, 'type is required');
  const type = TYPES.find((each) => each === text.toLowerCase());
  if (type === undefined) throw refuse(text, 'mount type unknown');
  const consistency = one(fields, 'consistency');
  // Meant for Docker on other systems than Linux, where it has no effect.
  if (consistency !== undefined && !['default', 'consistent', 'cached', 'delegated'].includes(consistency)) {
    throw refuse(type, `invalid consistency: ${consistency}`);
  }
  return type;
}

function bind(fields: Fields, spec: string, directory: string, readOnly: boolean) {
  const text = one(fields, 'source') ?? '';
  if (text === '') throw refuse('bind', 'field Source must not be empty');
  const source = /^\.(\/|$|\.(\/|$))/.test(text) ? posix.resolve(directory, text) : text;
  if (!source.startsWith('/'))
    throw refuse('bind', `invalid mount path: '${text}' mount path must be absolute`);
  const propagation = one(fields, 'bind-propagation') ?? 'rprivate';
  if (!PROPAGATIONS.includes(propagation)) throw refuse('bind', `invalid propagation mode: ${propagation}`);
  return {
    source: posix.normalize(source),
    createSource: isOn(fields, 'bind-create-src', spec),
    propagation: propagation as Propagation,
    recursive: recursion(fields, spec, readOnly),
  };
}

function recursion(fields: Fields, spec: string, readOnly: boolean): boolean {
  const value = one(fields, 'bind-recursive') ?? 'enabled';
  if (fields.has('bind-recursive') && fields.has('bind-nonrecursive')) {
    throw invalid(spec, "'bind-recursive' and 'bind-nonrecursive' exclude each other");
  }
  if (value === 'readonly' && !readOnly)
    throw invalid(
      spec,
      "option 'bind-recursive=readonly' requires 'readonly' to be specified in conjunction",
    );
  if (value === 'readonly' && one(fields, 'bind-propagation') !== 'rprivate') {
    throw invalid(
      spec,
      "option 'bind-recursive=readonly' requires 'bind-propagation=rprivate' to be specified in conjunction",
    );
  }
  // What is read-only is so with all that is mounted below it; there is no way to have it otherwise.
  if (value === 'writable') throw invalid(spec, "'bind-recursive=writable' isn't supported");
  if (!['enabled', 'disabled', 'readonly'].includes(value)) {
    throw invalid(
      spec,
      `invalid value for bind-recursive: ${value} (must be "enabled", "disabled", "writable", or "readonly")`,
    );
  }
  return value !== 'disabled' && !isOn(fields, 'bind-nonrecursive', spec);
}

function volume(fields: Fields, spec: string) {
  const name = one(fields, 'source');
  const driver = one(fields, 'volume-driver') ?? 'local';
  if (driver !== 'local') throw refuse('volume', `there is no volume driver '${driver}'`);
  if (!name && fields.has('volume-subpath'))
    throw refuse('volume', 'must not set Subpath when using anonymous volumes');
  return {
    name: name ? checkVolumeName(name) : undefined,
    copyUp: !isOn(fields, 'volume-nocopy', spec),
    ...subpath(fields, 'volume-subpath', spec),
    labels: pairs(fields, 'volume-label'),
    options: pairs(fields, 'volume-opt'),
  };
}

function tmpfs(fields: Fields, spec: string, readOnly: boolean) {
  const words: string[] = readOnly ? ['ro'] : [];
  const size = one(fields, 'tmpfs-size');
  if (size !== undefined) {
    const option = tmpfsSize(size);
    if (option === undefined) throw invalid(spec, `invalid value for tmpfs-size: ${size}`);
    words.push(option);
  }
  const mode = one(fields, 'tmpfs-mode');
  if (mode !== undefined) {
    if (!/^[0-7]{1,5}$/.test(mode)) throw invalid(spec, `invalid value for tmpfs-mode: ${mode}`);
    words.push(`mode=${Number.parseInt(mode, 8).toString(8)}`);
  }
  const { options, flags }: { options: readonly string[]; flags: readonly MountFlag[] } = tmpfsOptions(words);
  return { options, flags, readOnly };
}

function subpath(fields: Fields, key: string, spec: string): { readonly subpath?: string } {
  const text = one(fields, key);
  return text === undefined ? {} : { subpath: checkSubpath(text, spec) };
}

function one(fields: Fields, key: string): string | undefined {
  return fields.get(key)?.[0];
}

/** Go's strconv.ParseBool. */
function isOn(fields: Fields, key: string, spec: string): boolean {
  const text = one(fields, key) ?? 'false';
  if (/^(1|t|T|TRUE|true|True)$/.test(text)) return true;
  if (/^(0|f|F|FALSE|false|False)$/.test(text)) return false;
  throw invalid(spec, `invalid value for ${key}: ${text}`);
}

function pairs(fields: Fields, key: string): Readonly<Record<string, string>> {
  const words = fields.get(key) ?? [];
  return Object.fromEntries(
    words.map((word) => {
      const equals = word.indexOf('=');
      return equals === -1 ? [word, ''] : [word.slice(0, equals), word.slice(equals + 1)];
    }),
  );
}

function requiredTarget(fields: Fields, spec: string): string {
  const target = one(fields, 'target') ?? '';
  if (target === '') throw invalid(spec, 'target is required');
  return target;
}

const HINT =
  'Write --mount type=bind|volume|tmpfs|image,source=…,target=/path[,readonly], and options of that type.';

function invalid(spec: string, reason: string): Error {
  const value = spec.replaceAll('\0', '\\0');
  return misread({ flag: '--mount', value, reason, hint: HINT, code: 'E_MOUNT_INVALID' });
}

/** What can be read, and is no mount. */
function refuse(type: string, reason: string): Error {
  return mountError('E_MOUNT_INVALID', `invalid mount config for type "${type}": ${reason}`, HINT);
}
