import type { BytePath, Time, Xattrs } from '../tree/protocol.ts';

export type TarType = 'file' | 'directory' | 'symlink' | 'link' | 'fifo' | 'char' | 'block';

/** A member of an archive, its extended headers applied. Names are bytes in Latin-1, as they stand there. */
export interface TarEntry {
  readonly type: TarType;
  readonly name: BytePath;
  /** Target of `symlink` and `link`. */
  readonly linkname: BytePath;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: Time;
  /** Bytes of the file, its holes included; 0 for what isn't a file. */
  readonly size: number;
  readonly device: readonly [number, number];
  readonly xattrs: Xattrs | undefined;
}

/** Takes members in order. `data` and `hole` follow a file and make up its size. */
export interface TarHandler {
  entry(entry: TarEntry): void;
  data(bytes: Uint8Array): void;
  hole(length: number): void;
}
