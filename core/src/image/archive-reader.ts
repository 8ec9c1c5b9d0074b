import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { posix } from 'node:path';
import { WherryError } from '../errors/error.ts';
import { decompress, detectCompression } from '../layer/decompress.ts';
import { TarError } from '../layer/error.ts';
import type { TarEntry, TarHandler } from '../layer/tar-entry.ts';
import { TarReader } from '../layer/tar-reader.ts';
import { zeros } from '../layer/zeros.ts';
import type { Temporary } from '../store/temporary.ts';
import { BlobFile } from './blob-file.ts';

/** An archive of images has a few files a layer; thousands of images would fit. */
const MAX_MEMBERS = 100_000;
const MAX_BYTES = 2 ** 42;
const MAX_DOCUMENT = 8 << 20;
const MAX_LINKS = 8;

/** The members of an archive of images, each a file of its own in the meantime. */
export class ArchiveFiles implements TarHandler, Disposable {
  readonly #temporary: Temporary;
  readonly #files = new Map<string, BlobFile>();
  readonly #links = new Map<string, string>();
  #current: BlobFile | undefined;
  #left = 0;

  constructor(temporary: Temporary) {
    this.#temporary = temporary;
  }

  entry(entry: TarEntry): void {
    this.#finish();
    if (this.#files.size + this.#links.size >= MAX_MEMBERS) throw notAnArchive('it has too many members');
    const name = clean(entry.name);
    if (entry.type === 'file') {
      this.#files.get(name)?.discard();
      this.#current = new BlobFile(this.#temporary, `${name} of the archive`);
      this.#left = entry.size;
      this.#links.delete(name);
      this.#files.set(name, this.#current);
      if (this.#left === 0) this.#finish();
    } else if (entry.type === 'link') this.#links.set(name, clean(entry.linkname));
    else if (entry.type === 'symlink') {
      // docker save and podman save let layers that are the same share a file.
      this.#links.set(name, clean(posix.join('/', posix.dirname(name), entry.linkname)));
    }
  }

  data(bytes: Uint8Array): void {
    this.#current?.write(bytes);
    this.#left -= bytes.length;
    if (this.#left <= 0) this.#finish();
  }

  hole(length: number): void {
    for (const piece of zeros(length)) this.data(piece);
  }

  /** A member's file, links followed. */
  file(name: string): BlobFile | undefined {
    let at = clean(name);
    for (let links = 0; links < MAX_LINKS; links += 1) {
      const target = this.#links.get(at);
      if (target === undefined) return this.#files.get(at);
      at = target;
    }
    return undefined;
  }

  /** A member that is a small document. @throws WherryError `E_ARCHIVE` when it is large */
  document(name: string): Buffer | undefined {
    const file = this.file(name);
    if (file === undefined) return undefined;
    if (file.size > MAX_DOCUMENT) throw notAnArchive(`its member ${name} is larger than 8 MiB`);
    return readFileSync(file.path);
  }

  [Symbol.dispose](): void {
    for (const file of this.#files.values()) file.discard();
  }

  #finish(): void {
    this.#current?.end();
    this.#current = undefined;
  }
}

/**
 * Takes an archive apart, which may be compressed.
 * @throws WherryError `E_ARCHIVE` when it is no archive or ends early, `E_NO_SPACE`
 */
export async function readArchive(
  temporary: Temporary,
  source: AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<ArchiveFiles> {
  const files = new ArchiveFiles(temporary);
  try {
    const tar = new TarReader(files);
    for await (const piece of decompress(source, 'archive', { maxSize: MAX_BYTES })) {
      signal?.throwIfAborted();
      tar.write(piece);
    }
    tar.end();
    return files;
  } catch (error) {
    files[Symbol.dispose]();
    if (error instanceof TarError) throw notAnArchive(`it ${error.message}`, error);
    if (error instanceof WherryError && error.code.startsWith('E_LAYER_')) {
      throw notAnArchive('it is damaged, or ends early', error);
    }
    throw error;
  }
}

/** Media type of a layer, by its file's first bytes. */
export function layerMediaType(path: string): string {
  const head = Buffer.alloc(5);
  const fd = openSync(path, 'r');
  const length = readSync(fd, head);
  closeSync(fd);
  const compression = detectCompression(head.subarray(0, length));
  if (compression === 'xz' || compression === 'bzip2')
    throw notAnArchive(`a layer of it is compressed by ${compression}, which no image format has`);
  const base = 'application/vnd.oci.image.layer.v1.tar';
  return compression === 'none' ? base : `${base}+${compression}`;
}

/** @param reason completes "… can't be loaded: …" */
export function notAnArchive(reason: string, cause?: unknown): WherryError {
  return new WherryError(`The archive can't be loaded: ${reason}.`, {
    code: 'E_ARCHIVE',
    hint: 'Give what save of Wherry, Docker or Podman, or skopeo copy to docker-archive: or oci-archive: wrote; a plain file system goes to wherry import.',
    exitCode: 1,
    cause,
  });
}

function clean(name: string): string {
  return posix.join('/', name).replace(/^\/+|\/+$/g, '');
}
