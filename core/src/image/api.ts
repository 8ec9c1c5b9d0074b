/** The requests and answers of `Engine.images`: types alone, as those of `api.ts`, which passes them on. */

/** What a pull reports of one layer; `id` is the first 12 digits of the blob's digest, as Docker shows it. */
export type PullEvent =
  | { readonly kind: 'not-found-locally'; readonly reference: string }
  | { readonly kind: 'resolving'; readonly reference: string; readonly tag: string }
  /** Something that isn't a layer is asked for again, after a pause. */
  | { readonly kind: 'retrying'; readonly why: string }
  /** The next mirror, or the registry itself, is asked in the place of this one. */
  | { readonly kind: 'mirror-failed'; readonly mirror: string; readonly why: string }
  | {
      readonly kind: 'layer';
      readonly id: string;
      readonly state: 'waiting' | 'downloading' | 'verifying' | 'extracting' | 'done' | 'exists' | 'retrying';
      /** Bytes so far and in all, for `downloading` and `extracting`. */
      readonly current?: number;
      readonly total?: number;
      readonly detail?: string;
    }
  | {
      readonly kind: 'pulled';
      readonly reference: string;
      readonly digest: string;
      readonly status: 'downloaded' | 'up-to-date';
    };

export interface PullRequest {
  readonly reference: string;
  /** `os/arch[/variant]`, e.g. `linux/arm64/v8`; the machine's own when absent. */
  readonly platform?: string;
  readonly allTags?: boolean;
  /** Registries (`host[:port]`) that may be spoken to by plain HTTP or without a trusted certificate. */
  readonly insecureRegistries?: readonly string[];
  /** The file of credentials in the place of the usual ones. */
  readonly authFile?: string;
  readonly storageDriver?: string;
  readonly onEvent?: (event: PullEvent) => void;
  readonly signal?: AbortSignal;
}

export interface ImageSummary {
  /** Digest of the image's configuration. */
  readonly id: string;
  /** Familiar name as Docker prints it (`busybox`, `localhost:5000/debian`), `<none>` when dangling. */
  readonly repository: string;
  readonly tag: string;
  /** Digest of the manifest or index that the tag was pulled by. */
  readonly digest: string;
  readonly created: string;
  /** Size of the layers when unpacked. */
  readonly size: number;
  /** Without a name, and kept as another image was made of it. */
  readonly intermediate: boolean;
  readonly labels: Readonly<Record<string, string>>;
}

/** What an image takes, and for whom it is there. */
export interface ImageContent {
  readonly id: string;
  /** Digest of its manifest. */
  readonly manifest: string;
  /** `os/arch[/variant]` */
  readonly platform: string;
  /** Bytes of its unpacked layers. */
  readonly unpacked: number;
  /** Bytes of its manifest, its configuration and the compressed layers that are here. */
  readonly blobs: number;
  /** A container stands on it. */
  readonly inUse: boolean;
}

/** A step of an image's making. */
export interface HistoryEntry {
  /** Of the image itself for the newest step; the others have none. */
  readonly id: string | undefined;
  /** RFC 3339; `''` when the image doesn't say. */
  readonly created: string;
  readonly createdBy: string;
  readonly comment: string;
  /** Bytes of the layer that it made when unpacked; 0 when it made none. */
  readonly size: number;
}

export interface PruneImagesRequest {
  /** Also images with a tag, when no container stands on them. */
  readonly all?: boolean;
  /** Only images made before this time, RFC 3339. */
  readonly until?: string;
  /** `KEY` or `KEY=VALUE`; all of them hold. */
  readonly labels?: readonly string[];
  /** None of them holds. */
  readonly withoutLabels?: readonly string[];
}

export interface LoadRequest {
  /** The archive, which may be compressed. */
  readonly source: AsyncIterable<Uint8Array>;
  /** `os/arch[/variant]`: which of an archive's images for several; one for another platform alone is refused. */
  readonly platform?: string;
  readonly storageDriver?: string;
  readonly onEvent?: (event: PullEvent) => void;
  readonly signal?: AbortSignal;
}

/** What a push reports; a layer's `id` is the first 12 digits of its diff id, as Docker shows it. */
export type PushEvent =
  | { readonly kind: 'repository'; readonly repository: string }
  | {
      readonly kind: 'layer';
      readonly id: string;
      /** `foreign`: the registry may not have it, as its manifest says where else it is. */
      readonly state: 'preparing' | 'pushing' | 'pushed' | 'exists' | 'mounted' | 'foreign';
      /** Bytes so far and in all, for `pushing`. */
      readonly current?: number;
      readonly total?: number;
      /** The repository that it was mounted from. */
      readonly detail?: string;
    }
  | { readonly kind: 'pushed'; readonly tag: string; readonly digest: string; readonly size: number };

export interface PushRequest {
  readonly reference: string;
  readonly allTags?: boolean;
  readonly insecureRegistries?: readonly string[];
  readonly authFile?: string;
  readonly onEvent?: (event: PushEvent) => void;
  readonly signal?: AbortSignal;
}

export interface ImportRequest {
  /** Archive of a file system, which may be compressed. */
  readonly source: AsyncIterable<Uint8Array>;
  /** The name it gets. */
  readonly reference?: string;
  /** Instructions of a Dockerfile: `CMD ["sh"]`. */
  readonly changes?: readonly string[];
  readonly message?: string;
  readonly platform?: string;
  readonly storageDriver?: string;
  readonly signal?: AbortSignal;
}

export interface CommitRequest {
  /** Name or id. */
  readonly container: string;
  readonly reference?: string;
  readonly author?: string;
  readonly message?: string;
  /** Instructions of a Dockerfile. */
  readonly changes?: readonly string[];
  /** Bytes of the layer so far, before it is compressed. */
  readonly onProgress?: (bytes: number) => void;
  readonly signal?: AbortSignal;
}

export interface LoadedImage {
  readonly id: string;
  /** Familiar names with tags; none for an image that the archive doesn't name. */
  readonly names: readonly string[];
}

export interface PrunedImages extends RemovedImage {
  /** Bytes of blobs and unpacked layers. */
  readonly reclaimed: number;
}

/** `Config` of an image: the OCI image specification's `config`, with its names. */
export interface ImageConfig {
  readonly User?: string;
  readonly ExposedPorts?: Readonly<Record<string, object>>;
  readonly Env?: readonly string[];
  readonly Entrypoint?: readonly string[] | null;
  readonly Cmd?: readonly string[] | null;
  readonly Volumes?: Readonly<Record<string, object>>;
  readonly WorkingDir?: string;
  readonly Labels?: Readonly<Record<string, string>>;
  readonly StopSignal?: string;
  readonly Healthcheck?: {
    readonly Test?: readonly string[];
    /** Nanoseconds. */
    readonly Interval?: number;
    readonly Timeout?: number;
    readonly StartPeriod?: number;
    readonly StartInterval?: number;
    readonly Retries?: number;
  };
  readonly Shell?: readonly string[];
  /** Instructions of a Dockerfile, for the builds that begin with the image. */
  readonly OnBuild?: readonly string[];
}

/** An image that is complete in the store, as `create` needs it. */
export interface ResolvedImage {
  readonly id: string;
  /** The name by which the user asked for it. */
  readonly reference: string;
  readonly architecture: string;
  readonly os: string;
  readonly config: ImageConfig;
  /** Chain ids (OCI image spec, "Layer ChainID") from the bottom layer to the top one; these name committed layers. */
  readonly chain: readonly string[];
}

export interface InspectImageOptions {
  /** False leaves `GraphDriver.Data` out: to say where files are, the storage driver has to be asked. */
  readonly trees?: boolean;
}

export interface RemoveImageOptions {
  readonly force?: boolean;
  /** Keeps the images without a name that the removed one was made of. */
  readonly keepParents?: boolean;
}

export interface RemovedImage {
  readonly untagged: readonly string[];
  /** Digests of images and layers that were deleted. */
  readonly deleted: readonly string[];
}

export interface Images {
  /** `reference` is the full name of what came, `digest` its manifest's or index's. */
  pull(
    request: PullRequest,
  ): Promise<{ readonly id: string; readonly digest: string; readonly reference: string }>;
  /** @throws WherryError `E_IMAGE_NOT_FOUND` */
  resolve(reference: string): ResolvedImage;
  /** @param platform `os/arch[/variant]` @throws WherryError `E_PLATFORM_NOT_FOUND` when an image is for another one */
  requirePlatform(reference: string, platform: string): Promise<void>;
  list(): ImageSummary[];
  /** Of images by id, in the same order; what has gone meanwhile is left out. */
  contents(ids: readonly string[]): Promise<readonly ImageContent[]>;
  /** As `docker image inspect` shows it. @throws WherryError `E_IMAGE_NOT_FOUND` */
  inspect(reference: string, options?: InspectImageOptions): Promise<Readonly<Record<string, unknown>>>;
  /** @throws WherryError `E_IMAGE_NOT_FOUND`, `E_INVALID_REFERENCE` */
  tag(source: string, target: string): Promise<void>;
  /** Newest step first. @throws WherryError `E_IMAGE_NOT_FOUND` */
  history(reference: string): Promise<HistoryEntry[]>;
  prune(request: PruneImagesRequest): Promise<PrunedImages>;
  /** Gives up compressed layers that a registry has, too; what needs one fetches it again. */
  dropBlobs(): Promise<{ readonly digests: readonly string[]; readonly reclaimed: number }>;
  /** One tar archive of images, both docker-archive and OCI. @throws WherryError `E_IMAGE_NOT_FOUND`, `E_IMAGE_INCOMPLETE` */
  save(references: readonly string[]): AsyncIterable<Uint8Array>;
  /** @throws WherryError `E_ARCHIVE` and those of a damaged image */
  load(request: LoadRequest): Promise<readonly LoadedImage[]>;
  /** Byte for byte what is in the store. Answers with the manifest's digest. @throws WherryError `E_IMAGE_NOT_FOUND` */
  push(request: PushRequest): Promise<{ readonly digest: string }>;
  /** Answers with the id. @throws WherryError `E_ARCHIVE`, `E_CHANGE` */
  import(request: ImportRequest): Promise<string>;
  /** An image of a container. Answers with the id. @throws WherryError `E_CONTAINER_NOT_FOUND`, `E_CHANGE` */
  commit(request: CommitRequest): Promise<string>;
  /** A container's root file system as a tar archive. @throws WherryError `E_CONTAINER_NOT_FOUND` */
  export(container: string): AsyncIterable<Uint8Array>;
  remove(reference: string, options: RemoveImageOptions): Promise<RemovedImage>;
}
