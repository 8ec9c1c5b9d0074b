import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isOpaque, isWhiteout, membersOf, packTree } from '../layer/pack.ts';
import type { TarEntry } from '../layer/tar-entry.ts';
import { endOfArchive, formatHeader, padding } from '../layer/tar-writer.ts';
import { zeros } from '../layer/zeros.ts';
import type { Temporary } from '../store/temporary.ts';
import type { TreeEntry } from '../tree/entry.ts';
import type { BytePath } from '../tree/protocol.ts';
import type { TreeWorker } from '../tree/worker.ts';
import type { ContainerTrees } from './container-trees.ts';

/** The whole root file system of a container as a tar archive, with the owners that were recorded for its image. */
export async function* rootTar(
  worker: TreeWorker,
  trees: ContainerTrees,
  temporary: Temporary,
): AsyncGenerator<Buffer> {
  const { owners } = trees;
  if (trees.kind === 'stack') {
    const roots = trees.upper === undefined ? trees.lower : [trees.upper, ...trees.lower];
    yield* new StackTar(worker, owners, temporary).read(roots);
    return;
  }
  const root = trees.upper ?? trees.lower;
  if (root === undefined) yield endOfArchive();
  else yield* packTree({ worker, root, style: 'apply', owners });
}

/**
 * Merges a stack of layers as overlay does, from the top down, each file once, so that nothing has to be mounted. What a layer hides of
 * the ones below it is known when its turn is over.
 */
class StackTar {
  readonly #worker: TreeWorker;
  readonly #owners: ContainerTrees['owners'];
  readonly #temporary: Temporary;
  /** Told already: lower layers' entries of the same name are hidden. */
  readonly #seen = new Set<BytePath>();
  /** Nothing of lower layers is below these. */
  readonly #closed = new Set<BytePath>();

  constructor(worker: TreeWorker, owners: ContainerTrees['owners'], temporary: Temporary) {
    this.#worker = worker;
    this.#owners = owners;
    this.#temporary = temporary;
  }

  async *read(roots: readonly string[]): AsyncGenerator<Buffer> {
    for (const root of roots) yield* this.#layer(root);
    yield endOfArchive();
  }

  async *#layer(root: string): AsyncGenerator<Buffer> {
    const closing: BytePath[] = [];
    const seen: BytePath[] = [];
    const hidden = new HiddenFiles(this.#temporary);
    let sink: 'archive' | 'hidden' | 'nothing' = 'nothing';
    let left = 0;
    let size = 0;
    try {
      for await (const event of this.#worker.scan(root, { data: true })) {
        if (event.kind !== 'entry') {
          const data = event.kind === 'data' ? Buffer.from(event.data) : undefined;
          left -= event.kind === 'data' ? event.data.length : event.length;
          if (sink === 'archive') {
            if (data !== undefined) yield data;
            else if (event.kind === 'hole') yield* zeros(event.length);
            if (left === 0) yield padding(size);
          } else if (sink === 'hidden') {
            hidden.append(data ?? Buffer.alloc(event.kind === 'hole' ? event.length : 0));
          }
          continue;
        }
        const { entry } = event;
        const { path } = entry;
        size = left = entry.type === 'file' && entry.hardLinkTo === undefined ? entry.size : 0;
        if (path === '') {
          if (isOpaque(entry)) closing.push('');
          sink = 'nothing';
          continue;
        }
        const visible = !this.#isHidden(path);
        seen.push(path);
        if (entry.type !== 'directory' || isOpaque(entry)) closing.push(path);
        if (!visible || isWhiteout(entry)) {
          sink =
            entry.type === 'file' && entry.links > 1 && entry.hardLinkTo === undefined ? 'hidden' : 'nothing';
          if (sink === 'hidden') hidden.begin(path);
          continue;
        }
        sink = 'archive';
        const lost = entry.hardLinkTo === undefined ? undefined : hidden.take(entry.hardLinkTo, path);
        if (lost === undefined) {
          const [member] = membersOf(entry, 'overlay', this.#owners);
          if (member !== undefined) yield formatHeader(hidden.relink(member));
          else sink = 'nothing';
        } else yield* this.#revived(entry, lost);
      }
    } finally {
      hidden.clear();
    }
    for (const path of seen) this.#seen.add(path);
    for (const path of closing) this.#closed.add(path);
  }

  /** A file under its second name, when its first one is hidden. */
  *#revived(entry: TreeEntry, data: Buffer): Generator<Buffer> {
    const { hardLinkTo: _, ...file } = entry;
    const [member] = membersOf({ ...file, size: data.length }, 'overlay', this.#owners);
    if (member === undefined) return;
    yield formatHeader(member);
    yield data;
    yield padding(data.length);
  }

  #isHidden(path: BytePath): boolean {
    if (this.#seen.has(path) || this.#closed.has('')) return true;
    for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
      if (this.#closed.has(path.slice(0, slash))) return true;
    }
    return false;
  }
}

/** Content of hidden files of several names, one of which may be visible. */
class HiddenFiles {
  readonly #temporary: Temporary;
  readonly #files = new Map<BytePath, string>();
  readonly #moved = new Map<BytePath, BytePath>();
  #current = '';

  constructor(temporary: Temporary) {
    this.#temporary = temporary;
  }

  begin(path: BytePath): void {
    this.#current = this.#temporary.path();
    writeFileSync(this.#current, '', { flag: 'wx', mode: 0o600 });
    this.#files.set(path, this.#current);
  }

  append(data: Buffer): void {
    writeFileSync(this.#current, data, { flag: 'a' });
  }

  /** The content, when the first name is hidden and no other has it yet. */
  take(path: BytePath, name: BytePath): Buffer | undefined {
    const file = this.#files.get(path);
    if (file === undefined || this.#moved.has(path)) return undefined;
    this.#moved.set(path, name);
    return readFileSync(file);
  }

  relink(member: TarEntry): TarEntry {
    const name = member.type === 'link' ? this.#moved.get(member.linkname) : undefined;
    return name === undefined ? member : { ...member, linkname: name };
  }

  clear(): void {
    for (const file of this.#files.values()) rmSync(file, { force: true });
  }
}
