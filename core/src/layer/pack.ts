import { Buffer } from 'node:buffer';
import type { TreeEntry } from '../tree/entry.ts';
import type { WhiteoutStyle } from '../tree/layer-writer.ts';
import type { BytePath, Xattrs } from '../tree/protocol.ts';
import type { TreeWorker } from '../tree/worker.ts';
import type { OwnerRecord } from './squash.ts';
import type { TarEntry } from './tar-entry.ts';
import { endOfArchive, formatHeader, padding } from './tar-writer.ts';
import { opaqueName, whiteoutName } from './whiteout.ts';
import { zeros } from './zeros.ts';

export interface PackRequest {
  readonly worker: TreeWorker;
  /** Absolute path of the tree's root. */
  readonly root: string;
  /** `overlay`: the tree holds changes, and its whiteouts become those of a layer (image-spec, layer.md). */
  readonly style: WhiteoutStyle;
  /** What the tree itself can't hold, by path: `readOwners`. */
  readonly owners?: ReadonlyMap<BytePath, OwnerRecord>;
  /** Whether the root itself is a member, `./`. */
  readonly includeRoot?: boolean;
  /** Put before all names: the members are below it, and a root that is included is it. */
  readonly prefix?: BytePath;
  /** Which paths are members; all when absent. */
  readonly select?: (path: BytePath) => boolean;
  /** Paths that the archive deletes beside those that the tree itself says. */
  readonly deleted?: Iterable<BytePath>;
  readonly signal?: AbortSignal;
}

const PIECE = 64 * 1024;

/** A tree as a tar archive. The same tree gives the same bytes: members are in the order of their names' bytes. */
export async function* packTree(request: PackRequest): AsyncGenerator<Buffer> {
  let pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of members(request)) {
    // What is large goes by itself, so that a hole stays one.
    const large = piece.length >= PIECE;
    if (!large) pieces.push(piece);
    size += piece.length;
    if (size < PIECE) continue;
    if (pieces.length > 0) yield Buffer.concat(pieces);
    if (large) yield piece;
    pieces = [];
    size = 0;
  }
  yield Buffer.concat([...pieces, endOfArchive()]);
}

async function* members({
  worker,
  root,
  style,
  owners,
  includeRoot,
  prefix,
  select = () => true,
  deleted = [],
  signal,
}: PackRequest): AsyncGenerator<Buffer> {
  let end = 0;
  let left = 0;
  let skipping = false;
  for await (const event of worker.scan(root, { data: true })) {
    signal?.throwIfAborted();
    if (event.kind === 'entry') {
      const found = (select(event.entry.path) ? membersOf(event.entry, style, owners) : []).map((entry) =>
        prefix === undefined ? entry : below(prefix, entry),
      );
      const first = found[0];
      skipping = first === undefined || (event.entry.path === '' && !includeRoot);
      for (const [index, entry] of found.entries()) {
        if (index > 0 || !skipping) yield formatHeader(entry);
      }
      end = left = first?.size ?? 0;
      continue;
    }
    if (skipping) continue;
    if (event.kind === 'data') {
      left -= event.data.length;
      yield Buffer.from(event.data.buffer, event.data.byteOffset, event.data.length);
    } else {
      left -= event.length;
      yield* zeros(event.length);
    }
    if (left === 0) yield padding(end);
  }
  for (const path of deleted) yield formatHeader(whiteoutMember(whiteoutName(path)));
}

/** The members for one path of the tree; none for what an archive doesn't hold. */
export function membersOf(entry: TreeEntry, style: WhiteoutStyle, owners: PackRequest['owners']): TarEntry[] {
  const { path, type, mtime } = entry;
  if (type === 'socket') return [];
  if (style === 'overlay' && isWhiteout(entry)) return [whiteoutMember(whiteoutName(path))];
  const member: TarEntry = {
    type: entry.hardLinkTo === undefined ? type : 'link',
    name: path === '' ? './' : path,
    linkname: entry.hardLinkTo ?? entry.target,
    mode: type === 'symlink' ? 0o777 : entry.mode,
    uid: entry.uid,
    gid: entry.gid,
    mtime,
    size: type === 'file' && entry.hardLinkTo === undefined ? entry.size : 0,
    device: entry.device,
    xattrs: style === 'overlay' ? withoutOverlay(entry.xattrs) : entry.xattrs,
  };
  const opaque = style === 'overlay' && isOpaque(entry);
  const whole = restore(member, entry, owners?.get(path));
  return opaque ? [whole, whiteoutMember(opaqueName(path))] : [whole];
}

/** Overlay's deletion of what lower layers have. */
export function isWhiteout({ type, device }: TreeEntry): boolean {
  return type === 'char' && device[0] === 0 && device[1] === 0;
}

/** Overlay's mark of a directory that hides all that lower layers have in it. */
export function isOpaque({ xattrs }: TreeEntry): boolean {
  return xattrs.get('user.overlay.opaque')?.[0] === 0x79;
}

function whiteoutMember(name: BytePath): TarEntry {
  return { ...EMPTY, name };
}

/** A whiteout's own time is when it was unpacked, which says nothing. */
const EMPTY = {
  mtime: { seconds: 0, nanoseconds: 0 },
  type: 'file',
  linkname: '',
  mode: 0o600,
  uid: 0,
  gid: 0,
  size: 0,
  device: [0, 0],
  xattrs: undefined,
} as const;

/** Puts back what was squashed, as far as nobody has changed it since. */
function restore(member: TarEntry, entry: TreeEntry, record: OwnerRecord | undefined): TarEntry {
  if (record === undefined) return member;
  const { device } = record;
  const stands = device !== undefined && entry.type === 'file' && entry.size === 0;
  return {
    ...member,
    uid: entry.uid === 0 ? record.uid : entry.uid,
    gid: entry.gid === 0 ? record.gid : entry.gid,
    // The set-id bits that went with the owner come back with it.
    mode: (entry.mode | 0o6000) === (record.mode | 0o6000) ? record.mode : member.mode,
    ...(stands && { type: device[0], device: [device[1], device[2]] as const, size: 0 }),
  };
}

function withoutOverlay(xattrs: Xattrs): Xattrs {
  return new Map([...xattrs].filter(([name]) => !name.startsWith('user.overlay.')));
}

function below(prefix: BytePath, entry: TarEntry): TarEntry {
  return {
    ...entry,
    name: entry.name === './' ? `${prefix}/` : `${prefix}/${entry.name}`,
    linkname: entry.type === 'link' ? `${prefix}/${entry.linkname}` : entry.linkname,
  };
}
