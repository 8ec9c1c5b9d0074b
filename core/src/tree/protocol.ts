/** Operations and answers of the tree worker, and how its frames are laid out: launcher/TREE.md. */
export const OP = {
  begin: 0x10,
  directory: 0x11,
  file: 0x12,
  data: 0x13,
  hole: 0x14,
  symlink: 0x15,
  hardLink: 0x16,
  node: 0x17,
  whiteout: 0x18,
  opaque: 0x19,
  end: 0x1a,
  copy: 0x20,
  remove: 0x21,
  usage: 0x22,
  scan: 0x23,
  compare: 0x24,
  read: 0x25,
  stat: 0x26,
  makeDirectory: 0x27,
  rename: 0x28,
  sync: 0x29,
  spread: 0x2a,
  ids: 0x2b,
} as const;

export const REPLY = {
  done: 0x80,
  failed: 0x81,
  entry: 0x82,
  data: 0x83,
  hole: 0x84,
  change: 0x85,
} as const;

/** Frames but those of file data are at most this long, and the attributes of one entry. Bytes. */
export const MAX_FRAME = 256 * 1024;
export const MAX_XATTRS = 64 * 1024;
/** PATH_MAX and NAME_MAX of Linux, without the final NUL. */
export const MAX_PATH = 4095;
export const MAX_NAME = 255;

/**
 * A path below a tree's root: relative, without `.`, `..` and empty components, `''` for the root itself. File names are
 * bytes on Linux, so this is a string of Latin-1 code units, one a byte; `Buffer.from(path, 'latin1')` are the bytes.
 */
export type BytePath = string;

/** Extended attributes by name; values are bytes. */
export type Xattrs = ReadonlyMap<string, Uint8Array>;

export interface Time {
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** What every entry of a tree has. Owners are ids inside the user namespace. */
export interface Attributes {
  /** Permission bits with set-id and sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: Time;
  readonly xattrs?: Xattrs;
}

/** The kinds of file that stat(2) tells apart. */
export type FileType = 'file' | 'directory' | 'symlink' | 'fifo' | 'char' | 'block' | 'socket';

export const FILE_TYPE_BITS = {
  fifo: 0o010000,
  char: 0o020000,
  directory: 0o040000,
  block: 0o060000,
  file: 0o100000,
  symlink: 0o120000,
  socket: 0o140000,
} as const satisfies Record<FileType, number>;

const TYPES = new Map<number, FileType>([
  [FILE_TYPE_BITS.fifo, 'fifo'],
  [FILE_TYPE_BITS.char, 'char'],
  [FILE_TYPE_BITS.directory, 'directory'],
  [FILE_TYPE_BITS.block, 'block'],
  [FILE_TYPE_BITS.file, 'file'],
  [FILE_TYPE_BITS.symlink, 'symlink'],
  [FILE_TYPE_BITS.socket, 'socket'],
]);

/** The type in st_mode's upper bits (inode(7)). */
export function fileTypeOf(mode: number): FileType {
  const type = TYPES.get(mode & 0o170000);
  if (type === undefined) throw new RangeError(`0${mode.toString(8)} has no file type.`);
  return type;
}
