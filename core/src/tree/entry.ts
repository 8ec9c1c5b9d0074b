import type { Frame } from './frame-reader.ts';
import { type Attributes, type BytePath, type FileType, fileTypeOf, type Xattrs } from './protocol.ts';

/** A path of a tree with all that stat(2) and listxattr(2) say of it. */
export interface TreeEntry extends Attributes {
  readonly path: BytePath;
  readonly type: FileType;
  readonly size: number;
  /** Number of a device: major, minor. */
  readonly device: readonly [number, number];
  readonly links: number;
  /** Target of a symbolic link. */
  readonly target: BytePath;
  /** Another path of the same file, told before this one. */
  readonly hardLinkTo?: BytePath;
  readonly xattrs: Xattrs;
}

/** What a scan tells: an entry, and after a file its content from front to back. */
export type ScanEvent =
  | { readonly kind: 'entry'; readonly entry: TreeEntry }
  | { readonly kind: 'data'; readonly data: Uint8Array }
  | { readonly kind: 'hole'; readonly length: number };

/** A path that differs, in the letters of `docker diff`. */
export interface Change {
  /** Added, changed, deleted. */
  readonly kind: 'A' | 'C' | 'D';
  readonly path: BytePath;
}

export function readEntry(frame: Frame): TreeEntry {
  const hard = frame.u8() === 1;
  const mode = frame.u32();
  const uid = frame.u32();
  const gid = frame.u32();
  const mtime = { seconds: frame.i64(), nanoseconds: frame.u32() };
  const size = frame.i64();
  const device = [frame.u32(), frame.u32()] as const;
  const links = frame.u32();
  const path = frame.bytes();
  const link = frame.bytes();
  const xattrs = frame.xattrs();
  return {
    path,
    type: fileTypeOf(mode),
    mode: mode & 0o7777,
    uid,
    gid,
    mtime,
    size,
    device,
    links,
    target: hard ? '' : link,
    ...(hard && { hardLinkTo: link }),
    xattrs,
  };
}

export function readChange(frame: Frame): Change {
  const kind = String.fromCharCode(frame.u8());
  if (kind !== 'A' && kind !== 'C' && kind !== 'D') throw new RangeError(`${kind} is no kind of change.`);
  return { kind, path: frame.bytes() };
}
