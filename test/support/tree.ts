import { Buffer } from 'node:buffer';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { type BigIntStats, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** One path of a tree, as a reader can see it. Absent fields don't apply to the type. */
export interface TreeEntry {
  readonly type: 'file' | 'directory' | 'symlink' | 'fifo' | 'char' | 'block' | 'socket';
  /** Permission bits with set-id and sticky, in octal; empty for links, which have none. */
  readonly mode: string;
  /** `uid:gid`, through the id maps. */
  readonly owner: string;
  /** Decimal seconds with nine places. */
  readonly mtime: string;
  readonly size?: number;
  /** Of a file's content, at its first name alone. */
  readonly sha256?: string;
  readonly target?: string;
  readonly device?: string;
  /** Extended attributes, values in hex. */
  readonly xattrs: Readonly<Record<string, string>>;
  /** First path, in order, of the inode when it has several names within the tree. */
  readonly hardLinkOf?: string;
}

/** Paths relative to the root ('.' is the root itself), in latin1, so that every byte sequence has one spelling. */
export type Tree = ReadonlyMap<string, TreeEntry>;

/** A line of /proc/PID/uid_map (user_namespaces(7)): `size` ids from `inside` on are `outside` on the host. */
export interface IdExtent {
  readonly inside: number;
  readonly outside: number;
  readonly size: number;
}

export interface CaptureOptions {
  readonly uidMap?: readonly IdExtent[];
  readonly gidMap?: readonly IdExtent[];
  /** Paths that are left out with all below them. */
  readonly exclude?: readonly string[];
}

const OVERFLOW_ID = 65534;
const VFS_CAP_REVISION_3 = 0x03;

/**
 * Records every path under `root`. As root it sees all; a container's own view is at `/proc/PID/root`. Owners are
 * given as the map's inside ids, and a file capability that a user namespace owns as the plain one.
 */
export function captureTree(root: string, options: CaptureOptions = {}): Tree {
  const exclude = new Set(options.exclude);
  const xattrs = readXattrs(root, options.uidMap);
  const names = new Map<string, string>();
  const tree = new Map<string, TreeEntry>();

  const visit = (path: string): void => {
    if (exclude.has(path)) return;
    const full = fullPath(root, path);
    const stat = lstatSync(full, { bigint: true });
    const inode = `${stat.dev}:${stat.ino}`;
    const first = names.get(inode);
    if (!stat.isDirectory() && first === undefined) names.set(inode, path);
    tree.set(path, {
      ...describe(full, stat, options, first === undefined),
      xattrs: xattrs.get(path) ?? {},
      ...(first === undefined ? {} : { hardLinkOf: first }),
    });
    if (!stat.isDirectory()) return;
    const children = readdirSync(full, { encoding: 'buffer' }).map((name) => name.toString('latin1'));
    for (const child of children.sort()) visit(path === '.' ? child : `${path}/${child}`);
  };
  visit('.');
  return tree;
}

/** Fields that a comparison leaves out at a path. */
export type Ignored = (path: string, entry: TreeEntry) => readonly (keyof TreeEntry)[];

/** One line a difference, `path: field expected → actual`; none when the trees are alike. */
export function differences(expected: Tree, actual: Tree, ignored: Ignored = () => []): string[] {
  const lines: string[] = [];
  for (const [path, wanted] of expected) {
    const found = actual.get(path);
    if (found === undefined) {
      lines.push(`${path}: missing (a ${wanted.type})`);
      continue;
    }
    const skip = ignored(path, wanted);
    for (const field of FIELDS) {
      const [before, after] = [JSON.stringify(wanted[field]), JSON.stringify(found[field])];
      if (before !== after && !skip.includes(field)) lines.push(`${path}: ${field} ${before} → ${after}`);
    }
  }
  for (const [path, found] of actual) {
    if (!expected.has(path)) lines.push(`${path}: unexpected (a ${found.type})`);
  }
  return lines;
}

const FIELDS = [
  'type',
  'mode',
  'owner',
  'mtime',
  'size',
  'sha256',
  'target',
  'device',
  'xattrs',
  'hardLinkOf',
] as const satisfies readonly (keyof TreeEntry)[];

function describe(
  full: Buffer,
  stat: BigIntStats,
  { uidMap, gidMap }: CaptureOptions,
  firstName: boolean,
): Omit<TreeEntry, 'xattrs' | 'hardLinkOf'> {
  const type = typeOf(stat);
  return {
    type,
    mode: type === 'symlink' ? '' : (Number(stat.mode) & 0o7777).toString(8).padStart(4, '0'),
    owner: `${insideId(Number(stat.uid), uidMap)}:${insideId(Number(stat.gid), gidMap)}`,
    mtime: `${stat.mtimeNs / 1_000_000_000n}.${String(stat.mtimeNs % 1_000_000_000n).padStart(9, '0')}`,
    ...(type === 'file' && { size: Number(stat.size) }),
    ...(type === 'file' &&
      firstName && {
        sha256: createHash('sha256').update(readFileSync(full)).digest('hex'),
      }),
    ...(type === 'symlink' && { target: readlinkSync(full, { encoding: 'buffer' }).toString('latin1') }),
    ...((type === 'char' || type === 'block') && { device: deviceNumber(stat.rdev) }),
  };
}

function typeOf(stat: BigIntStats): TreeEntry['type'] {
  if (stat.isFile()) return 'file';
  if (stat.isDirectory()) return 'directory';
  if (stat.isSymbolicLink()) return 'symlink';
  if (stat.isFIFO()) return 'fifo';
  if (stat.isCharacterDevice()) return 'char';
  return stat.isBlockDevice() ? 'block' : 'socket';
}

/** makedev(3), the other way round, for numbers below 4096:256. */
function deviceNumber(rdev: bigint): string {
  return `${(rdev >> 8n) & 0xfffn}:${rdev & 0xffn}`;
}

function insideId(id: number, map: readonly IdExtent[] | undefined): number {
  if (map === undefined) return id;
  const extent = map.find(({ outside, size }) => id >= outside && id < outside + size);
  return extent === undefined ? OVERFLOW_ID : id - extent.outside + extent.inside;
}

/** Node has no call for extended attributes; getfattr(1) of Debian's package attr reads all paths but those of other mounts. */
function readXattrs(root: string, uidMap: CaptureOptions['uidMap']): Map<string, Record<string, string>> {
  const command = 'find . -xdev -print0 | xargs -0 getfattr -h -d -m - -e hex';
  const output = execFileSync('sh', ['-c', command], {
    cwd: root,
    encoding: 'latin1',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const found = new Map<string, Record<string, string>>();
  for (const block of output.split('\n\n')) {
    const [head, ...lines] = block.split('\n');
    if (head === undefined || !head.startsWith('# file: ')) continue;
    const path = head
      .slice('# file: '.length)
      .replace(/\\([0-7]{3})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 8)));
    const values = lines
      .filter((line) => line !== '')
      .map((line): [string, string] => {
        const equals = line.indexOf('=');
        return equals < 0 ? [line, ''] : [line.slice(0, equals), line.slice(equals + 1).replace(/^0x/, '')];
      })
      .map(([key, value]): [string, string] => [
        key,
        key === 'security.capability' ? plainCapability(value, uidMap) : value,
      ]);
    found.set(path.replace(/^\.\//, ''), Object.fromEntries(values.sort()));
  }
  return found;
}

/** capabilities(7), "Namespaced file capabilities": revision 3 is revision 2 with the owning namespace's root id. */
function plainCapability(hex: string, uidMap: CaptureOptions['uidMap']): string {
  const data = Buffer.from(hex, 'hex');
  if (data.length !== 24 || data[3] !== VFS_CAP_REVISION_3) return hex;
  if (insideId(data.readUInt32LE(20), uidMap) !== 0) return hex;
  const plain = Buffer.from(data.subarray(0, 20));
  plain[3] = 0x02;
  return plain.toString('hex');
}

function fullPath(root: string, path: string): Buffer {
  return Buffer.concat([Buffer.from(`${root}/`), Buffer.from(path, 'latin1')]);
}
