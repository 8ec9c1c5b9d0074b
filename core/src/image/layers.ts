/** A layer to be unpacked. */
export interface UnpackRequest {
  readonly chainId: string;
  /** Chain id of the layer below; undefined for the bottom one. */
  readonly parent: string | undefined;
  /** Digest that the uncompressed tar has to have. */
  readonly diffId: string;
  readonly mediaType: string;
  /** Digest of the blob, for messages. */
  readonly digest: string;
  /** The blob's bytes; read to their end. */
  readonly source: AsyncIterable<Uint8Array>;
  /** Whether the source throws when its bytes aren't those of the digest, so that they needn't be hashed again. */
  readonly verified: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** A layer whose files are in place and verified, and that nothing can build on yet. */
export interface UnpackedLayer {
  readonly chainId: string;
  readonly parent: string | undefined;
  /** The storage driver's key of it. */
  readonly key: string;
  /** Bytes of the files. */
  readonly size: number;
  /** Of a copy: the layer that it is one of, and its ids as JSON. */
  readonly mapped?: { readonly origin: string; readonly ids: string };
}

/** The unpacked layers of one storage driver. */
export interface LayerStore {
  /** Name of the storage driver. */
  readonly driver: string;
  /** Whether a layer can be unpacked before the one below it is committed. */
  readonly parallel: boolean;
  has(chainId: string): boolean;
  /** Bytes of a committed layer's files. */
  size(chainId: string): number;
  /** @throws WherryError when the tar is damaged or dangerous, its digest wrong, or the disk full; nothing is left then */
  unpack(request: UnpackRequest): Promise<UnpackedLayer>;
  /** The parent is committed already. A layer that another process has committed meanwhile is discarded. */
  commit(layer: UnpackedLayer): Promise<void>;
  discard(layer: UnpackedLayer): Promise<void>;
  /** Sees to it that what was committed gets to the disk, without waiting for it. */
  confirm(): Promise<void>;
  /** Removes layers, each before the one that it builds on. What isn't there is no failure. */
  remove(chainIds: readonly string[]): Promise<void>;
  /** Removes what was left behind by processes that died. Not while layers are being unpacked. */
  cleanup(): Promise<void>;
}
