import { Buffer } from 'node:buffer';
import type { Extent } from '../idmap/extent.ts';
import { type Change, readChange, readEntry, type ScanEvent, type TreeEntry } from './entry.ts';
import { type TreeFailure, treeError } from './failure.ts';
import { type Frame, FrameReader } from './frame-reader.ts';
import { FrameWriter } from './frame-writer.ts';
import { LayerWriter, type WhiteoutStyle } from './layer-writer.ts';
import { type WorkerCommand, WorkerProcess, workerError } from './process.ts';
import { type Attributes, type BytePath, OP, REPLY } from './protocol.ts';
import { ReplyQueue } from './reply-queue.ts';

export interface CopyCounts {
  readonly entries: number;
  /** Bytes of file data that were copied. */
  readonly bytes: number;
  /** Extended attributes that the target's file system doesn't take. */
  readonly refusedXattrs: number;
  /** Files that share their data with the source. */
  readonly cloned: number;
}

/** Bytes as `du --apparent-size` (files alone) and `du` count them; hard links once. */
export interface Usage {
  readonly apparent: number;
  readonly allocated: number;
  readonly inodes: number;
  /** The highest ids that own something. */
  readonly highest: { readonly uid: number; readonly gid: number };
}

export interface CompareRequest {
  readonly upper: string;
  /** From the topmost down; none when all of `upper` is new. */
  readonly lower: readonly string[];
  /** `overlay`: upper holds changes with whiteouts. `apply`: it is a whole tree, as is the one of lower. */
  readonly style: WhiteoutStyle;
}

type Owner = Pick<Attributes, 'uid' | 'gid'>;

interface Pending {
  readonly doing: string;
  readonly onFrame: (frame: Frame) => void;
  readonly onEnd: (result: { readonly done: Frame } | { readonly error: unknown }) => void;
}

/**
 * One process that works on trees inside the user namespace, asked for one thing after the other. Paths named `root`,
 * `path`, `source`, `target` are absolute ones of the host; a {@link BytePath} lies below such a root.
 *
 * Every method rejects with a WherryError that says what failed, and with the signal's reason after an abort, which kills
 * the process: start another one to go on.
 */
export class TreeWorker implements AsyncDisposable {
  readonly #process: WorkerProcess;
  readonly #frames: FrameWriter;
  readonly #reader = new FrameReader();
  readonly #pending = new Map<number, Pending>();
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort: () => void;
  #lastId = 0;
  #closed = false;
  #layer: LayerWriter | undefined;

  constructor(command: WorkerCommand, options: { readonly signal?: AbortSignal | undefined } = {}) {
    options.signal?.throwIfAborted();
    this.#signal = options.signal;
    this.#process = new WorkerProcess(command, (chunk) =>
      this.#reader.push(chunk, (frame) => this.#take(frame)),
    );
    this.#frames = new FrameWriter((piece) => this.#process.write(piece));
    this.#onAbort = () => this.#process.kill();
    this.#signal?.addEventListener('abort', this.#onAbort);
    this.#process.ended.then((reason) => {
      this.#signal?.removeEventListener('abort', this.#onAbort);
      this.#failAll(this.#signal?.aborted ? this.#signal.reason : (reason ?? workerError('ended early')));
    });
  }

  /** Begins to write a layer below `root`, which exists. One at a time: a second one needs another worker. */
  apply(root: string, style: WhiteoutStyle, doing = `writing to ${root}`): LayerWriter {
    if (this.#layer?.open) throw new Error('This worker is writing a layer already.');
    const { promise, resolve, reject } = Promise.withResolvers<Frame>();
    const id = this.#register({
      doing,
      onFrame: () => {},
      onEnd: (result) => ('done' in result ? resolve(result.done) : reject(result.error)),
    });
    this.#frames
      .begin(OP.begin, 16 + 3 * root.length)
      .u32(id)
      .u8(style === 'overlay' ? 0 : 1)
      .text(root)
      .end();
    this.#layer = new LayerWriter(this.#frames, this.#process, promise);
    return this.#layer;
  }

  /**
   * Copies all of `source` into `target`, which is made when missing and otherwise holds nothing of the same name.
   * @param options `shifted`: the owners of the source are taken for ids of the container that `ids` describes.
   */
  async copy(
    source: string,
    target: string,
    options: { readonly reflink: boolean; readonly shifted?: boolean },
  ): Promise<CopyCounts> {
    const done = await this.#ask(`copying ${source}`, OP.copy, [source, target], (frames) =>
      frames
        .u8((options.reflink ? 1 : 0) | (options.shifted ? 2 : 0))
        .text(source)
        .text(target),
    );
    return { entries: done.i64(), bytes: done.i64(), refusedXattrs: done.i64(), cloned: done.i64() };
  }

  /** Removes a tree, or whatever is at `path`; fine when there is nothing. Never follows a link nor leaves the mount. */
  async remove(path: string): Promise<void> {
    await this.#ask(`removing ${path}`, OP.remove, [path], (frames) => frames.text(path));
  }

  async usage(paths: readonly string[]): Promise<Usage> {
    const done = await this.#ask('measuring disk usage', OP.usage, paths, (frames) =>
      paths.reduce((all, path) => all.text(path), frames.u32(paths.length)),
    );
    return {
      apparent: done.i64(),
      allocated: done.i64(),
      inodes: done.i64(),
      highest: { uid: done.u32(), gid: done.u32() },
    };
  }

  /** All entries of a tree, names in the order of their bytes, a directory before its members; the root is `''`. */
  scan(root: string, options: { readonly data?: boolean } = {}): AsyncIterableIterator<ScanEvent> {
    return this.#stream(`reading ${root}`, OP.scan, [root], scanEvent, (frames) =>
      frames.u8(options.data ? 1 : 0).text(root),
    );
  }

  /** Differences, parents before their members. */
  compare({ upper, lower, style }: CompareRequest): AsyncIterableIterator<Change> {
    return this.#stream(`comparing ${upper}`, OP.compare, [upper, ...lower], readChange, (frames) =>
      lower.reduce(
        (all, path) => all.text(path),
        frames
          .u8(style === 'overlay' ? 0 : 1)
          .text(upper)
          .u32(lower.length),
      ),
    );
  }

  /**
   * A file's content; links are followed inside `root`. Undefined when there is no such file.
   *
   * @param limit Bytes; a larger file is refused.
   */
  async readFile(root: string, path: BytePath, limit: number): Promise<Buffer | undefined> {
    const pieces: Buffer[] = [];
    const keep = (frame: Frame) => pieces.push(Buffer.from(frame.rest()));
    const write = (frames: FrameWriter) => frames.text(root).bytes(path).u32(limit);
    const found = await orMissing(this.#ask(`reading ${root}`, OP.read, [root, path], write, keep));
    return found && Buffer.concat(pieces);
  }

  /** What is at a path, a symbolic link itself; undefined when nothing is. Extended attributes are told of a directory alone. */
  async stat(root: string, path: BytePath): Promise<TreeEntry | undefined> {
    let entry: TreeEntry | undefined;
    const keep = (frame: Frame) => {
      entry = readEntry(frame);
    };
    const write = (frames: FrameWriter) => frames.text(root).bytes(path);
    await orMissing(this.#ask(`looking at ${root}`, OP.stat, [root, path], write, keep));
    return entry;
  }

  /** Fine when it exists already. */
  async makeDirectory(path: string, mode: number, { uid = 0, gid = 0 }: Partial<Owner> = {}): Promise<void> {
    await this.#ask(`making ${path}`, OP.makeDirectory, [path], (frames) =>
      frames.u32(mode).text(path).u32(uid).u32(gid),
    );
  }

  /**
   * From then on, owners are ids of a container: `outside` are the worker's, `inside` the container's. One that it hasn't got
   * is told as 65534, and can't be given.
   */
  async ids({
    uids,
    gids,
  }: {
    readonly uids: readonly Extent[];
    readonly gids: readonly Extent[];
  }): Promise<void> {
    const write = (frames: FrameWriter, map: readonly Extent[]) =>
      map.reduce(
        (all, { inside, outside, count }) => all.u32(inside).u32(outside).u32(count),
        frames.u32(map.length),
      );
    // Room for the numbers, which `#send` reckons with by the length of names.
    const room = [...uids, ...gids].map(() => '            ');
    await this.#ask('taking on ids', OP.ids, room, (frames) => write(write(frames, uids), gids));
  }

  /** rename(2), for trees whose top belongs to a subordinate id. */
  async rename(source: string, target: string): Promise<void> {
    await this.#ask(`moving ${source}`, OP.rename, [source, target], (frames) =>
      frames.text(source).text(target),
    );
  }

  /** syncfs(2): all that was written to this file system so far outlives a power failure. */
  async sync(path: string): Promise<void> {
    await this.#ask('writing to the disk', OP.sync, [path], (frames) => frames.text(path));
  }

  /** Has the file system put the directories in this one far from each other, where it knows how to (ext4). */
  async spread(path: string): Promise<void> {
    await this.#ask(`looking at ${path}`, OP.spread, [path], (frames) => frames.text(path));
  }

  /** Lets the process finish what it was asked for, and waits for its end. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#frames.flush();
    this.#process.end();
    await this.#process.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A layer that was given up half way would be waited for.
    if (this.#layer?.open || this.#pending.size > 0) this.#process.kill();
    await this.close();
  }

  #register(pending: Pending): number {
    if (this.#closed) throw workerError('was closed');
    this.#signal?.throwIfAborted();
    if (this.#process.gone !== undefined) throw this.#process.gone;
    this.#lastId += 1;
    this.#pending.set(this.#lastId, pending);
    return this.#lastId;
  }

  #send(id: number, op: number, names: readonly string[], write: (frames: FrameWriter) => FrameWriter): void {
    const size = names.reduce((sum, name) => sum + 2 + 3 * name.length, 32);
    write(this.#frames.begin(op, size).u32(id)).end();
    this.#frames.flush();
  }

  async #ask(
    doing: string,
    op: number,
    names: readonly string[],
    write: (frames: FrameWriter) => FrameWriter,
    onFrame: (frame: Frame) => void = () => {},
  ): Promise<Frame> {
    const { promise, resolve, reject } = Promise.withResolvers<Frame>();
    const onEnd: Pending['onEnd'] = (result) =>
      'done' in result ? resolve(result.done) : reject(result.error);
    this.#send(this.#register({ doing, onFrame, onEnd }), op, names, write);
    return await promise;
  }

  #stream<T>(
    doing: string,
    op: number,
    names: readonly string[],
    read: (frame: Frame) => T,
    write: (frames: FrameWriter) => FrameWriter,
  ): AsyncIterableIterator<T> {
    const queue = new ReplyQueue<T>(this.#process);
    const id = this.#register({
      doing,
      onFrame: (frame) => queue.push(read(frame)),
      onEnd: (result) => queue.end('error' in result ? result : undefined),
    });
    this.#send(id, op, names, write);
    return queue;
  }

  #take(frame: Frame): void {
    const pending = this.#pending.get(frame.id);
    if (pending === undefined) return;
    if (frame.kind !== REPLY.done && frame.kind !== REPLY.failed) {
      pending.onFrame(frame);
      return;
    }
    this.#pending.delete(frame.id);
    if (frame.kind === REPLY.done) pending.onEnd({ done: frame });
    else pending.onEnd({ error: treeError(pending.doing, readFailure(frame)) });
  }

  #failAll(error: unknown): void {
    for (const { onEnd } of this.#pending.values()) onEnd({ error });
    this.#pending.clear();
  }
}

function readFailure(frame: Frame): TreeFailure {
  return { errno: frame.u32(), index: frame.i64(), step: frame.bytes(), path: frame.bytes() };
}

function scanEvent(frame: Frame): ScanEvent {
  if (frame.kind === REPLY.entry) return { kind: 'entry', entry: readEntry(frame) };
  if (frame.kind === REPLY.hole) return { kind: 'hole', length: frame.i64() };
  return { kind: 'data', data: Uint8Array.prototype.slice.call(frame.rest()) };
}

/** ENOENT and ENOTDIR say that there is nothing at a path. */
async function orMissing(asked: Promise<Frame>): Promise<Frame | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'E_TREE_MISMATCH') return undefined;
    throw error;
  }
}
