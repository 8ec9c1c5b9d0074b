import type { Frame } from './frame-reader.ts';
import { attributesSize, type FrameWriter } from './frame-writer.ts';
import type { WorkerProcess } from './process.ts';
import { type Attributes, type BytePath, FILE_TYPE_BITS, type FileType, OP } from './protocol.ts';

/** How deletions are expressed (wit/storage.wit, `whiteout-style`). */
export type WhiteoutStyle = 'overlay' | 'apply';

export interface LayerCounts {
  readonly entries: number;
  /** Bytes of file data written, holes not counted. */
  readonly bytes: number;
  /** Extended attributes that the file system or the kernel doesn't take. */
  readonly refusedXattrs: number;
}

/** What may be waiting for the worker before a caller should wait, too. Bytes. */
const BACKLOG = 1024 * 1024;

/**
 * Writes entries in order. Methods only queue; `ready` says when to go on, and `end` that all is there. A file's `data`
 * and `hole` follow it and make up exactly its size. Missing parents are made; an entry replaces what has its path.
 */
export class LayerWriter {
  readonly #frames: FrameWriter;
  readonly #process: WorkerProcess;
  readonly #done: Promise<Frame>;
  #failure: { readonly error: unknown } | undefined;
  #open = true;

  constructor(frames: FrameWriter, process: WorkerProcess, done: Promise<Frame>) {
    this.#frames = frames;
    this.#process = process;
    this.#done = done;
    done.catch((error: unknown) => {
      this.#failure = { error };
      this.#open = false;
    });
  }

  get open(): boolean {
    return this.#open;
  }

  directory(path: BytePath, attributes: Attributes): void {
    this.#entry(OP.directory, path, attributes, 0).end();
  }

  /** A file of `size` bytes, holes included. */
  file(path: BytePath, attributes: Attributes, size: number): void {
    this.#entry(OP.file, path, attributes, 8).i64(size).end();
  }

  /** Bytes of the last file, which must not be changed afterwards. */
  data(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#frames.data(OP.data, bytes);
  }

  hole(length: number): void {
    if (length > 0) this.#frames.begin(OP.hole, 8).i64(length).end();
  }

  symlink(path: BytePath, attributes: Attributes, target: BytePath): void {
    this.#entry(OP.symlink, path, attributes, 2 + target.length)
      .bytes(target)
      .end();
  }

  /** Another name for an earlier file of the tree; its own symbolic link isn't followed. */
  hardLink(path: BytePath, target: BytePath): void {
    this.#frames
      .begin(OP.hardLink, 4 + path.length + target.length)
      .bytes(path)
      .bytes(target)
      .end();
  }

  /** mknod(2). A user namespace allows fifos, sockets, and the device 0:0. */
  node(
    path: BytePath,
    attributes: Attributes,
    type: Extract<FileType, 'fifo' | 'socket' | 'char' | 'block'>,
    device: readonly [number, number] = [0, 0],
  ): void {
    const mode = attributes.mode | FILE_TYPE_BITS[type];
    this.#entry(OP.node, path, { ...attributes, mode }, 8)
      .u32(device[0])
      .u32(device[1])
      .end();
  }

  /** Deletes what lower layers have at `path`, and nothing of this layer. */
  whiteout(path: BytePath): void {
    this.#frames
      .begin(OP.whiteout, 2 + path.length)
      .bytes(path)
      .end();
  }

  /** Deletes all that lower layers have in the directory `path`. */
  opaque(path: BytePath): void {
    this.#frames
      .begin(OP.opaque, 2 + path.length)
      .bytes(path)
      .end();
  }

  /** Undefined when there is room for more; else resolves when there is. Rejects, or throws, once the layer has failed. */
  ready(): Promise<void> | undefined {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#process.backlog < BACKLOG) return undefined;
    return this.#wait();
  }

  /**
   * All entries are there. Directories' times are set now.
   *
   * @param options.sync Waits until the whole file system has been written to the disk (syncfs(2)); several layers are
   *   better synchronised once together, by `TreeWorker.sync`.
   */
  async end(options: { readonly sync?: boolean } = {}): Promise<LayerCounts> {
    if (this.#failure !== undefined) throw this.#failure.error;
    this.#frames
      .begin(OP.end, 1)
      .u8(options.sync ? 1 : 0)
      .end();
    this.#frames.flush();
    const done = await this.#done;
    this.#open = false;
    return { entries: done.i64(), bytes: done.i64(), refusedXattrs: done.i64() };
  }

  /** Gives the layer up: what was written stays, and the worker takes other requests again. Never rejects. */
  async cancel(): Promise<void> {
    if (this.#open) {
      this.#frames.begin(OP.end, 1).u8(2).end();
      this.#frames.flush();
    }
    // When it failed, that has been told already.
    await this.#done.catch(() => {});
    this.#open = false;
  }

  async #wait(): Promise<void> {
    // After a failure the worker reads past the rest of the layer, so this ends in any case.
    await this.#process.drained();
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #entry(op: number, path: BytePath, attributes: Attributes, more: number): FrameWriter {
    return this.#frames.begin(op, attributesSize(attributes, path) + more).attributes(attributes, path);
  }
}
