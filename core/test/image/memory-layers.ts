import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { sha256 } from '../../src/blob/digest.ts';
import { WherryError } from '../../src/errors/error.ts';
import type { LayerStore, UnpackedLayer, UnpackRequest } from '../../src/image/layers.ts';
import type { Database } from '../../src/store/database.ts';

/** Layers that are kept as tars in memory; those of several "processes" when they share the map. */
export class MemoryLayers implements LayerStore {
  readonly driver = 'memory';
  readonly parallel: boolean;
  readonly tars: Map<string, Buffer>;
  readonly #active = new Map<string, Buffer>();
  readonly unpacked: string[] = [];
  /** Where rows of committed layers go. */
  database: Database | undefined;
  #keys = 0;

  constructor({
    parallel = true,
    tars = new Map(),
  }: { parallel?: boolean; tars?: Map<string, Buffer> } = {}) {
    this.parallel = parallel;
    this.tars = tars;
  }

  get active(): number {
    return this.#active.size;
  }

  async confirm(): Promise<void> {}

  has(chainId: string): boolean {
    return this.tars.has(chainId);
  }

  size(chainId: string): number {
    return this.tars.get(chainId)?.length ?? 0;
  }

  async unpack({ chainId, parent, diffId, digest, source, signal }: UnpackRequest): Promise<UnpackedLayer> {
    if (!this.parallel && parent !== undefined && !this.has(parent))
      throw new Error(`${parent} is not there yet`);
    const chunks: Uint8Array[] = [];
    for await (const chunk of source) {
      signal?.throwIfAborted();
      chunks.push(chunk);
    }
    const tar = decompress(Buffer.concat(chunks), digest);
    if (sha256(tar) !== diffId) {
      throw new WherryError(`The digest of the uncompressed layer is wrong.`, {
        code: 'E_DIGEST_MISMATCH',
        hint: '.',
      });
    }
    this.unpacked.push(chainId);
    this.#keys += 1;
    const key = String(this.#keys);
    this.#active.set(key, tar);
    return { chainId, parent, key, size: tar.length };
  }

  async commit({ chainId, parent, key }: UnpackedLayer): Promise<void> {
    const tar = this.#active.get(key);
    if (tar === undefined) throw new Error(`${key} is not active`);
    if (this.has(chainId)) throw new Error(`${chainId} is committed already`);
    if (parent !== undefined && !this.has(parent)) throw new Error(`${parent} is not committed`);
    this.tars.set(chainId, tar);
    this.database?.run(
      'INSERT INTO layer (driver, chain_id, parent, size) VALUES (?, ?, ?, ?)',
      this.driver,
      chainId,
      parent ?? null,
      tar.length,
    );
    this.#active.delete(key);
  }

  async discard({ key }: UnpackedLayer): Promise<void> {
    this.#active.delete(key);
  }

  async remove(chainIds: readonly string[]): Promise<void> {
    for (const id of chainIds) this.tars.delete(id);
  }

  async cleanup(): Promise<void> {
    this.#active.clear();
  }
}

function decompress(blob: Buffer, digest: string): Buffer {
  try {
    if (blob[0] === 0x1f && blob[1] === 0x8b) return gunzipSync(blob);
    if (blob.length >= 4 && blob.readUInt32LE(0) === 0xfd2fb528) return zstdDecompressSync(blob);
    return blob;
  } catch (cause) {
    throw new WherryError(`The layer ${digest} is damaged.`, { code: 'E_LAYER_CORRUPT', hint: '.', cause });
  }
}
