import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { TreeEntry } from '../tree/entry.ts';
import type { TreeWorker } from '../tree/worker.ts';
import { DATABASE_LIMIT } from '../user/database.ts';

/** /etc/passwd and /etc/group of a root file system; empty for one that has none. */
export interface UserFiles {
  readonly passwd: string;
  readonly group: string;
}

const NAMES = ['passwd', 'group'] as const;

type Found = { -readonly [Name in keyof UserFiles]?: UserFiles[Name] | undefined };

/**
 * Reads /etc/passwd and /etc/group out of a root file system that isn't mounted, as overlay would show them: the topmost
 * tree that has the file, a whiteout or an opaque directory hiding those below. `trees` is a single one for a root that
 * isn't stacked.
 */
export async function readUserFiles(worker: TreeWorker, trees: readonly string[]): Promise<UserFiles> {
  const found: Found = {};
  for (const tree of trees) {
    const etc = await worker.stat(tree, 'etc');
    if (etc === undefined) continue;
    if (etc.type !== 'directory') {
      // A link takes the place of the directories below it, as a whiteout does.
      if (etc.type === 'symlink') await readMissing(worker, tree, found);
      break;
    }
    // Nothing is below the last one that it could hide; of a directory of the host, not all may be readable.
    const last = tree === trees.at(-1);
    const { opaque, names } = last ? await named(worker, tree) : await members(worker, join(tree, 'etc'));
    for (const name of NAMES) {
      const entry = names.get(name);
      if (entry === undefined || found[name] !== undefined) continue;
      found[name] = isWhiteout(entry) ? '' : await readLinked(worker, trees, tree, entry, name);
    }
    if (opaque || NAMES.every((name) => found[name] !== undefined)) break;
  }
  return { passwd: found.passwd ?? '', group: found.group ?? '' };
}

async function readMissing(worker: TreeWorker, tree: string, found: Found): Promise<void> {
  for (const name of NAMES) found[name] ??= await readText(worker, tree, `etc/${name}`);
}

/** A link may lead to a file of a lower tree. */
async function readLinked(
  worker: TreeWorker,
  trees: readonly string[],
  tree: string,
  entry: TreeEntry,
  name: string,
): Promise<string> {
  if (entry.type === 'file') return (await readText(worker, tree, `etc/${name}`)) ?? '';
  if (entry.type !== 'symlink') return '';
  const path = resolve('/etc', entry.target).slice(1);
  for (const each of trees.slice(trees.indexOf(tree))) {
    const text = await readText(worker, each, path);
    if (text !== undefined) return text;
  }
  return '';
}

async function readText(worker: TreeWorker, tree: string, path: string): Promise<string | undefined> {
  const bytes = await worker.readFile(tree, path, DATABASE_LIMIT);
  return bytes?.toString('utf8');
}

interface Members {
  readonly opaque: boolean;
  readonly names: ReadonlyMap<string, TreeEntry>;
}

async function named(worker: TreeWorker, tree: string): Promise<Members> {
  const names = new Map<string, TreeEntry>();
  for (const name of NAMES) {
    const entry = await worker.stat(tree, `etc/${name}`);
    if (entry !== undefined) names.set(name, entry);
  }
  return { opaque: false, names };
}

async function members(worker: TreeWorker, directory: string): Promise<Members> {
  const names = new Map<string, TreeEntry>();
  let opaque = false;
  for await (const event of worker.scan(directory)) {
    if (event.kind !== 'entry') continue;
    if (event.entry.path === '') opaque = event.entry.xattrs.has('user.overlay.opaque');
    else if (!event.entry.path.includes('/')) names.set(event.entry.path, event.entry);
  }
  return { opaque, names };
}

const isWhiteout = ({ type, device: [major, minor] }: TreeEntry): boolean =>
  type === 'char' && major === 0 && minor === 0;

/** The files of an image, which never change, kept by the chain id of its top layer. */
export class UserFileCache {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  get(chainId: string): UserFiles | undefined {
    try {
      return JSON.parse(readFileSync(this.#path(chainId), 'utf8')) as UserFiles;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  put(chainId: string, files: UserFiles): void {
    const path = this.#path(chainId);
    const draft = `${path}.${process.pid}`;
    writeFileSync(draft, JSON.stringify(files), { mode: 0o600 });
    renameSync(draft, path);
  }

  #path(chainId: string): string {
    return join(this.#directory, chainId.replace(/[^A-Za-z0-9]/g, '-'));
  }
}
