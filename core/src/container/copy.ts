import { Buffer } from 'node:buffer';
import { rmSync } from 'node:fs';
import { posix } from 'node:path';
import { EXIT, WherryError } from '../errors/error.ts';
import { applyLayer } from '../layer/apply.ts';
import { packTree } from '../layer/pack.ts';
import type { TreeEntry } from '../tree/entry.ts';
import type { LayerWriter } from '../tree/layer-writer.ts';
import { TreeWorker } from '../tree/worker.ts';
import type { ContainerContext } from './context.ts';
import type { CopyRequest } from './operations.ts';
import { withView } from './view.ts';

/** Links that are followed for `-L`, as many as the kernel follows (path_resolution(7)). */
const MAX_LINKS = 40;

type Owner = Pick<TreeEntry, 'uid' | 'gid'>;

/** One end of a copy: a worker, and the names that it knows the files by. */
interface Side {
  readonly worker: TreeWorker;
  readonly path: string;
  /** For messages. */
  readonly what: 'container' | 'host';
}

/** Copies a file or tree of a container to the host. @throws WherryError `E_PATH_NOT_FOUND`, `E_COPY_TARGET` */
export async function copyFromContainer(
  context: ContainerContext,
  id: string,
  { containerPath, hostPath, followLink, archive }: CopyRequest,
): Promise<void> {
  await withView(context, id, (inside) =>
    withHost(context, (host) =>
      copy({
        source: { worker: inside, path: containerPath, what: 'container' },
        target: { worker: host, path: hostPath, what: 'host' },
        followLink,
        // An ordinary user can't give files away; root can.
        owner: archive && process.getuid?.() === 0 ? undefined : ownIds(),
      }),
    ),
  );
}

/** Copies a file or tree of the host into a container. @throws WherryError `E_PATH_NOT_FOUND`, `E_COPY_TARGET` */
export async function copyToContainer(
  context: ContainerContext,
  id: string,
  { containerPath, hostPath, followLink, archive }: CopyRequest,
): Promise<void> {
  const own = ownIds();
  await withView(context, id, (inside) =>
    withHost(context, (host) =>
      copy({
        source: { worker: host, path: hostPath, what: 'host' },
        target: { worker: inside, path: containerPath, what: 'container' },
        followLink,
        // The user's own files belong to root inside; ids beyond that mean nothing there.
        owner: archive && own.uid === 0 ? undefined : { uid: 0, gid: 0 },
      }),
    ),
  );
}

/** A file or tree of a container as a tar archive, whose members begin with its name. */
export async function* archiveFromContainer(
  context: ContainerContext,
  id: string,
  { containerPath, followLink }: Pick<CopyRequest, 'containerPath' | 'followLink'>,
): AsyncGenerator<Uint8Array> {
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  const { promise: ready, resolve, reject } = Promise.withResolvers<AsyncGenerator<Uint8Array>>();
  const work = withView(context, id, async (worker) => {
    const found = await locate({ worker, path: containerPath, what: 'container' }, followLink);
    const directory = found.entry.type === 'directory';
    resolve(
      packTree({
        worker,
        root: found.path,
        style: 'apply',
        ...(directory ? { includeRoot: true, prefix: bytes(found.contents ? '.' : found.name) } : {}),
      }),
    );
    await over;
  });
  work.catch(reject);
  try {
    yield* await ready;
  } finally {
    end();
    await work;
  }
}

/** Writes the members of a tar archive below a directory of a container. @throws WherryError `E_COPY_TARGET` */
export async function archiveToContainer(
  context: ContainerContext,
  id: string,
  containerPath: string,
  source: AsyncIterable<Uint8Array>,
): Promise<void> {
  const ownersFile = context.store.temporary.path();
  try {
    await withView(context, id, async (worker) => {
      const found = await locate({ worker, path: containerPath, what: 'container' }, true);
      if (found.entry.type !== 'directory') throw badTarget(containerPath, 'is not a directory');
      await applyLayer({
        source,
        worker,
        target: found.path,
        style: 'apply',
        idMap: context.table.spec(id)?.ids ?? context.machine.idmap,
        ownersFile,
        limits: { maxSize: Number.MAX_SAFE_INTEGER },
      });
    });
  } finally {
    rmSync(ownersFile, { force: true });
  }
}

function ownIds(): Owner {
  return { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
}

async function withHost<Result>(
  context: ContainerContext,
  work: (worker: TreeWorker) => Promise<Result>,
): Promise<Result> {
  await using worker = new TreeWorker({ file: context.launcher(), args: ['tree'] });
  return await work(worker);
}

interface Located {
  readonly path: string;
  readonly name: string;
  readonly entry: TreeEntry;
  /** Whether what is in it is meant, and not the directory. */
  readonly contents: boolean;
}

async function locate(side: Side, followLink: boolean): Promise<Located> {
  const found = await find(side, followLink);
  if (found !== undefined) return found;
  throw new WherryError(
    side.what === 'container'
      ? `Could not find the file ${side.path} in the container`
      : `lstat ${side.path}: no such file or directory`,
    { code: 'E_PATH_NOT_FOUND', hint: 'Look at the path, and who may read it.', exitCode: EXIT.failure },
  );
}

async function find({ worker, path }: Side, followLink: boolean): Promise<Located | undefined> {
  const contents = /\/\.?$/.test(path);
  let at = posix.resolve('/', path);
  const name = posix.basename(at);
  for (let links = 0; links < MAX_LINKS; links += 1) {
    const entry = await worker.stat('/', bytes(at.slice(1)));
    if (entry === undefined) return undefined;
    if (entry.type !== 'symlink' || !(followLink || contents)) return { path: at, name, entry, contents };
    at = posix.resolve(posix.dirname(at), Buffer.from(entry.target, 'latin1').toString());
  }
  return undefined;
}

interface Copy {
  readonly source: Side;
  readonly target: Side;
  readonly followLink: boolean;
  /** Whom all files belong to; their own owners when absent. */
  readonly owner: Owner | undefined;
}

async function copy({ source, target, followLink, owner }: Copy): Promise<void> {
  const from = await locate(source, followLink);
  const { directory, name } = await place(from, target);
  const layer = target.worker.apply(directory, 'apply', `copying to ${target.path}`);
  let size = 0;
  for await (const event of source.worker.scan(from.path, { data: true })) {
    if (event.kind === 'data') layer.data(event.data);
    else if (event.kind === 'hole') layer.hole(event.length);
    else size = write(layer, event.entry, renamed(from, name), owner);
    if (size > 0) await layer.ready();
  }
  await layer.end({ sync: false });
}

/** Docker's rules for where a copy goes and what it is called there; `''` for what goes into the directory itself. */
async function place(
  from: Located,
  target: Side,
): Promise<{ readonly directory: string; readonly name: string }> {
  const isDirectory = from.entry.type === 'directory';
  const found = await find(target, true);
  if (found?.entry.type === 'directory')
    return { directory: found.path, name: from.contents ? '' : from.name };
  if (found !== undefined) {
    if (isDirectory) throw badTarget(target.path, 'is a file, where a directory would be copied to');
    if (found.contents) throw badTarget(target.path, 'is not a directory');
    return { directory: posix.dirname(found.path), name: posix.basename(found.path) };
  }
  if (!isDirectory && target.path.endsWith('/'))
    throw badTarget(target.path, 'is no directory that is there');
  const at = posix.resolve('/', target.path);
  const parent = await find({ ...target, path: posix.dirname(at) }, true);
  if (parent?.entry.type !== 'directory') throw badTarget(posix.dirname(at), 'is no directory that is there');
  return { directory: parent.path, name: posix.basename(at) };
}

/** The path of an entry where it is copied to. A tree's root has none, a single file its own name. */
function renamed(from: Located, name: string): (path: string) => string {
  if (from.entry.type !== 'directory') return () => bytes(name);
  return (path) => (name === '' ? path : path === '' ? bytes(name) : `${bytes(name)}/${path}`);
}

/** @returns whether data follows: the file's size */
function write(
  layer: LayerWriter,
  entry: TreeEntry,
  rename: (path: string) => string,
  owner: Owner | undefined,
): number {
  const path = rename(entry.path);
  const { mode, mtime, xattrs } = entry;
  const attributes = { mode, mtime, xattrs, ...(owner ?? { uid: entry.uid, gid: entry.gid }) };
  // What goes into a directory leaves that as it is.
  if (path === '') return 0;
  if (entry.hardLinkTo !== undefined) layer.hardLink(path, rename(entry.hardLinkTo));
  else if (entry.type === 'directory') layer.directory(path, attributes);
  else if (entry.type === 'symlink') layer.symlink(path, attributes, entry.target);
  else if (entry.type === 'file') {
    layer.file(path, attributes, entry.size);
    return entry.size;
  } else if (entry.type === 'fifo') layer.node(path, attributes, 'fifo');
  return 0;
}

const bytes = (path: string): string => Buffer.from(path).toString('latin1');

function badTarget(path: string, why: string): WherryError {
  return new WherryError(`${path} ${why}`, {
    code: 'E_COPY_TARGET',
    hint: 'Name a directory that is there, or a new name in one.',
    exitCode: EXIT.failure,
  });
}
