import type { ContainerState } from '../api.ts';
import type { KeptIds } from '../idmap/keep-id.ts';
import type { PrivateIds } from '../idmap/private-ids.ts';
import type { Networking } from '../network/request.ts';
import type { Mount } from '../volume/mount.ts';
import type { AsGiven } from './as-given.ts';
import type { Command } from './command.ts';
import type { ContainerOptions } from './options.ts';
import type { RootDirectory } from './rootfs-directory.ts';

/** Everything that was settled at `create` and that each start is planned from. Holds no absolute path of the state. */
export interface ContainerSpec {
  /** Chain id of the image's top layer; none for an image without layers. */
  readonly topLayer?: string | undefined;
  /** Takes an image's place, with `--rootfs`. */
  readonly rootfs?: RootDirectory;
  readonly command: Command;
  /** `KEY=value`, or `KEY` alone for one that is to be unset. */
  readonly env: readonly string[];
  readonly workdir: string;
  /** `user[:group]`, names or numbers; empty for root. */
  readonly user: string;
  /** As given by `--hostname`. */
  readonly hostname?: string | undefined;
  readonly interactive: boolean;
  readonly tty: boolean;
  readonly autoRemove: boolean;
  readonly readOnly: boolean;
  readonly privileged: boolean;
  readonly init: boolean;
  readonly mounts: readonly Mount[];
  /** The user's ids inside, with `--userns keep-id`. */
  readonly keepId?: KeptIds | undefined;
  /** Ids that are none of the user's, with `--userns auto` and `nomap`; `topLayer` is a copy for these then. */
  readonly ids?: PrivateIds;
  /** As `--network` says, with a container's full id. */
  readonly network: string;
  /** Absent in records of containers from before there were networks. */
  readonly networking?: Networking;
  /** Absent in records of containers from before there were such. */
  readonly options?: ContainerOptions;
  readonly capAdd: readonly string[];
  readonly capDrop: readonly string[];
  readonly security: SecurityOptions;
  /** A signal's number. */
  readonly stopSignal: number;
  /** Seconds before SIGKILL; -1 for ever. */
  readonly stopTimeout: number;
  /** Whether what was left for the first start has been done before one, as `cp` does. */
  readonly prepared?: boolean;
  /** Absent in records of containers from before it was kept. */
  readonly given?: AsGiven;
  readonly storageDriver: string;
  readonly logDriver: string;
  readonly logOptions: Readonly<Record<string, string>>;
  /** Flags and words of the command line that made it. */
  readonly createCommand?: readonly string[];
}

export interface SecurityOptions {
  readonly noNewPrivileges: boolean;
  /** `default`, `unconfined`, or a profile in Docker's JSON form. */
  readonly seccomp: 'default' | 'unconfined' | { readonly profile: string };
  /** Paths to hide beside the usual ones, and patterns of those that aren't; `ALL` is every one. */
  readonly mask?: readonly string[];
  readonly unmask?: readonly string[];
  /** As they were given, for `inspect`. */
  readonly labels?: readonly string[];
  /** The AppArmor profile that confines its commands; the caller's when absent. */
  readonly apparmor?: string;
}

/**
 * The state that the database knows. `started` says no more than that a launch was prepared: whether the container runs is
 * the facts' to say.
 */
export type RecordedState = 'created' | 'started' | 'exited' | 'removing';

/** A container without its spec: what `ps` needs. */
export interface ContainerRow {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly imageId: string;
  readonly command: string;
  /** RFC 3339 with nanoseconds. */
  readonly created: string;
  readonly state: RecordedState;
  /** Counts the starts that were prepared. */
  readonly launch: number;
  readonly autoRemove: boolean;
  readonly startedAt?: string | undefined;
  readonly finishedAt?: string | undefined;
  readonly exitCode?: number | undefined;
  readonly labels: Readonly<Record<string, string>>;
}

/** What Docker calls the state, given whether the container runs now. */
export function containerState(
  row: ContainerRow,
  running: boolean,
  { paused = false, restarting = false } = {},
): ContainerState {
  if (row.state === 'removing') return 'removing';
  if (running && restarting) return 'restarting';
  if (running) return paused ? 'paused' : 'running';
  return row.finishedAt === undefined ? 'created' : 'exited';
}
