/** What one kind of thing takes on the disk, in bytes, and how much of it nothing needs now. */
export interface UsageTotal {
  readonly total: number;
  readonly active: number;
  readonly size: number;
  readonly reclaimable: number;
}

export interface ImageUsage {
  readonly id: string;
  readonly repository: string;
  readonly tag: string;
  /** RFC 3339. */
  readonly created: string;
  readonly size: number;
  /** Bytes of layers that other images have, too. */
  readonly shared: number;
  readonly containers: number;
}

export interface ContainerUsage {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly command: string;
  /** RFC 3339. */
  readonly created: string;
  readonly running: boolean;
  /** Volumes that it has. */
  readonly volumes: number;
  /** Bytes that the container itself has written. */
  readonly size: number;
}

export interface VolumeUsage {
  readonly name: string;
  readonly links: number;
  readonly size: number;
}

export interface DiskUsage {
  readonly images: UsageTotal;
  readonly containers: UsageTotal;
  readonly volumes: UsageTotal;
  readonly details: {
    readonly images: readonly ImageUsage[];
    readonly containers: readonly ContainerUsage[];
    readonly volumes: readonly VolumeUsage[];
  };
}
