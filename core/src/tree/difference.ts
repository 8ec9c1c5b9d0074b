import { createHash, type Hash } from 'node:crypto';
import type { ScanEvent, TreeEntry } from './entry.ts';
import { readable } from './failure.ts';
import type { TreeWorker } from './worker.ts';

/** An entry with the digest of its content, when it is a file. */
interface Digested {
  readonly entry: TreeEntry;
  readonly content: string | undefined;
}

export interface TreePlace {
  /** One of its own: both trees are read at the same time. */
  readonly worker: TreeWorker;
  readonly root: string;
}

/**
 * The first difference of a tree from what it should be, as the end of a sentence ("lacks etc/passwd"); undefined when they are the
 * same in type, mode, owner, times, links, extended attributes and content. Times of directories and of whiteouts don't count: those
 * that no archive names have that of their making. Memory doesn't grow with the trees.
 */
export async function treeDifference(actual: TreePlace, expected: TreePlace): Promise<string | undefined> {
  const found = digested(actual.worker.scan(actual.root, { data: true }));
  const wanted = digested(expected.worker.scan(expected.root, { data: true }));
  for (;;) {
    const [a, b] = await Promise.all([found.next(), wanted.next()]);
    if (a.done && b.done) return undefined;
    const order = a.done ? 1 : b.done ? -1 : comparePaths(a.value.entry.path, b.value.entry.path);
    if (order < 0 && !a.done) return `has ${shown(a.value)}, which isn't of the layer`;
    if (order > 0 && !b.done) return `lacks ${shown(b.value)}`;
    if (a.done || b.done) continue;
    const wrong = firstDifference(a.value, b.value);
    if (wrong !== undefined) return `has another ${wrong} of ${shown(b.value)}`;
  }
}

async function* digested(events: AsyncIterable<ScanEvent>): AsyncGenerator<Digested, void, undefined> {
  let current: { readonly entry: TreeEntry; readonly hash: Hash | undefined } | undefined;
  const whole = (): Digested[] =>
    current === undefined ? [] : [{ entry: current.entry, content: current.hash?.digest('hex') }];
  for await (const event of events) {
    if (event.kind === 'entry') {
      yield* whole();
      const { entry } = event;
      const hash = entry.type === 'file' && entry.hardLinkTo === undefined ? createHash('sha256') : undefined;
      current = { entry, hash };
    } else if (event.kind === 'data') current?.hash?.update(event.data);
    else zeros(current?.hash, event.length);
  }
  yield* whole();
}

const ZEROS = Buffer.alloc(64 << 10);

/** A hole reads as zeros: where holes are is the file system's business. */
function zeros(hash: Hash | undefined, length: number): void {
  for (let left = length; left > 0; left -= ZEROS.length)
    hash?.update(left < ZEROS.length ? ZEROS.subarray(0, left) : ZEROS);
}

/** In the order of a scan: names within a directory by their bytes, a directory before its members. */
function comparePaths(a: string, b: string): number {
  const left = a.split('/');
  const right = b.split('/');
  for (let index = 0; index < Math.min(left.length, right.length); index += 1) {
    const [one = '', other = ''] = [left[index], right[index]];
    if (one !== other) return one < other ? -1 : 1;
  }
  return left.length - right.length;
}

function firstDifference(a: Digested, b: Digested): string | undefined {
  const [one, other] = [a.entry, b.entry];
  if (one.type !== other.type) return 'type';
  if (one.mode !== other.mode) return 'mode';
  if (one.uid !== other.uid || one.gid !== other.gid) return 'owner';
  if (one.hardLinkTo !== other.hardLinkTo) return 'link';
  if (one.target !== other.target) return 'target';
  if (one.device[0] !== other.device[0] || one.device[1] !== other.device[1]) return 'device number';
  if (one.type === 'file' && one.size !== other.size) return 'size';
  if (a.content !== b.content) return 'content';
  if (one.type !== 'directory' && one.type !== 'char' && !sameTime(one, other)) return 'time';
  return sameXattrs(one, other) ? undefined : 'extended attribute';
}

function sameTime(a: TreeEntry, b: TreeEntry): boolean {
  return a.mtime.seconds === b.mtime.seconds && a.mtime.nanoseconds === b.mtime.nanoseconds;
}

function sameXattrs(a: TreeEntry, b: TreeEntry): boolean {
  if (a.xattrs.size !== b.xattrs.size) return false;
  for (const [name, value] of b.xattrs) {
    const own = a.xattrs.get(name);
    if (own === undefined || Buffer.compare(own, value) !== 0) return false;
  }
  return true;
}

function shown({ entry: { path } }: Digested): string {
  return path === '' ? 'its root' : readable(path);
}
