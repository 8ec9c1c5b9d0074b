import type { MountFlag, Propagation } from '../program/operation.ts';
import type { AskedMount } from './mount-options.ts';

/** A mount that a user asks for, by `-v`, `--mount` or `--tmpfs`, read and checked as far as that needs no state. */
export type MountRequest = BindRequest | VolumeRequest | TmpfsRequest | ImageRequest;

interface Common {
  /** By `--mount`, as Docker's API has it; absent for the other flags. */
  readonly asked?: AskedMount;
  /** Absolute, normal, and not `/`. */
  readonly target: string;
  readonly readOnly: boolean;
}

export interface BindRequest extends Common {
  readonly kind: 'bind';
  /** Absolute path of the host. */
  readonly source: string;
  /** A missing directory is made (`-v`) or refused (`--mount`). */
  readonly createSource: boolean;
  readonly propagation: Propagation;
  /** Whether what is mounted below the source comes along. */
  readonly recursive: boolean;
  /** `U`: the source's files are given to the container's user. */
  readonly chown: boolean;
  /** What the third part of `-v` said, for `inspect`. */
  readonly mode: string;
}

export interface VolumeRequest extends Common {
  readonly kind: 'volume';
  /** Undefined for an anonymous volume. */
  readonly name: string | undefined;
  /** As a VOLUME of the image: it yields to any other mount at its target (`-v /path`). */
  readonly yields: boolean;
  /** Whether the image's content at the target is copied into the volume while that is empty. */
  readonly copyUp: boolean;
  readonly chown: boolean;
  readonly mode: string;
  /** A directory or file inside the volume, relative. */
  readonly subpath?: string;
  /** For a volume that is made by this mount. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly options?: Readonly<Record<string, string>>;
}

export interface TmpfsRequest extends Common {
  readonly kind: 'tmpfs';
  /** Options of the file system: `size=…`, `mode=…`. */
  readonly options: readonly string[];
  readonly flags: readonly MountFlag[];
  /** By `--tmpfs`, which `inspect` doesn't list among the mounts. */
  readonly byFlag: boolean;
  /** What `--tmpfs` has behind the colon. */
  readonly words?: string;
}

export interface ImageRequest extends Common {
  readonly kind: 'image';
  readonly reference: string;
}

/** `--volumes-from CONTAINER[:ro|rw]`. */
export interface VolumesFrom {
  readonly container: string;
  readonly readOnly: boolean;
}
