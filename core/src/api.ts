/**
 * The engine's requests and answers, as the CLI and `import { Engine }` use them. Types alone: each concern implements its
 * part in its own folder, `engine.ts` puts them together.
 *
 * Times are RFC 3339 strings with nanoseconds in UTC, sizes are bytes, digests `sha256:` and 64 hexadecimal digits.
 */

import type { ContainerOperations } from './container/operations.ts';
import type { OptionRequest } from './container/options.ts';
import type { PullEvent } from './image/api.ts';
import type { NetworkingRequest } from './network/request.ts';
import type { RegistrySettings } from './registry/settings.ts';
import type { MountRequest, VolumesFrom } from './volume/request.ts';

export type * from './image/api.ts';
export type { DiskUsage, UsageTotal } from './usage/usage.ts';

// ---- containers -----------------------------------------------------------------------------------------------------

/** `docker run` and `docker create`, flags parsed and nothing more. */
export interface CreateRequest {
  /** Empty with `rootfs`. */
  readonly image: string;
  /** A directory that takes the image's place, absolute: `PATH`, or `PATH:O` to leave it as it is. */
  readonly rootfs?: string;
  readonly command: readonly string[];
  readonly name?: string;
  readonly entrypoint?: string;
  readonly env?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly workdir?: string;
  readonly user?: string;
  readonly hostname?: string;
  readonly interactive: boolean;
  readonly tty: boolean;
  readonly autoRemove: boolean;
  readonly readOnly: boolean;
  readonly privileged: boolean;
  /** `parseVolumeFlag`, `parseMountFlag` and `parseTmpfsFlag` read them. */
  readonly mounts?: readonly MountRequest[];
  /** `parseVolumesFrom` reads them. */
  readonly volumesFrom?: readonly VolumesFrom[];
  /** `keep-id[:uid=UID,gid=GID]`: the user has an id of their own inside; `auto[:size=N]`, `nomap`: they have none there. */
  readonly userns?: string;
  readonly network: string;
  readonly networking?: NetworkingRequest;
  readonly capAdd: readonly string[];
  readonly capDrop: readonly string[];
  /** `no-new-privileges`, `seccomp=FILE`, `seccomp=unconfined`, … */
  readonly securityOpt: readonly string[];
  readonly stopSignal?: string;
  /** Seconds. */
  readonly stopTimeout?: number;
  readonly init: boolean;
  readonly options?: OptionRequest;
  readonly logDriver?: string;
  readonly logOpts?: Readonly<Record<string, string>>;
  readonly storageDriver?: string;
  readonly pull?: 'always' | 'missing' | 'never';
  readonly platform?: string;
  /** The streams that the caller means to attach to; for `inspect`. */
  readonly attach?: { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean };
  /** The file that the caller writes the id to; for `inspect`. */
  readonly cidFile?: string;
  /** Flags and words of the command line, kept for `generate systemd --new`. */
  readonly createCommand?: readonly string[];
  readonly insecureRegistries?: readonly string[];
  readonly onPullEvent?: (event: PullEvent) => void;
  /** Of the pull; a function is asked for it when there is one. */
  readonly signal?: AbortSignal | (() => AbortSignal);
}

/** What `create` is asked for: an image, and what isn't to be as `docker run IMAGE` has it. */
export type ContainerRequest = Partial<CreateRequest> & Pick<CreateRequest, 'image'>;

export type ContainerState = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';

export interface ContainerSummary {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly imageId: string;
  /** The command line as Docker prints it, without quotes and not shortened. */
  readonly command: string;
  readonly created: string;
  readonly state: ContainerState;
  /** Docker's STATUS column: `Up 2 minutes`, `Exited (137) 3 seconds ago`. */
  readonly status: string;
  readonly ports: string;
  readonly exitCode?: number;
  /** Process id of the container's init on the host, when running. */
  readonly pid?: number;
  readonly labels: Readonly<Record<string, string>>;
  /** Of one that runs and has a health check. */
  readonly health?: 'starting' | 'healthy' | 'unhealthy';
}

/** How the CLI hands over to the launcher: it replaces itself, or its front, by this program. */
export interface Handover {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface StartOptions {
  readonly attach: { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean };
  /** e.g. `ctrl-p,ctrl-q`. */
  readonly detachKeys?: string;
  readonly sigProxy?: boolean;
}

export interface LogLine {
  readonly time: string;
  readonly stream: 'stdout' | 'stderr';
  /** The text with its newline, when it ended with one. */
  readonly text: Uint8Array;
  readonly attributes?: Readonly<Record<string, string>>;
}

export interface LogsOptions {
  readonly follow?: boolean;
  /** Lines from the end; all when absent. */
  readonly tail?: number;
  /** RFC 3339. */
  readonly since?: string;
  readonly until?: string;
  readonly signal?: AbortSignal;
}

export interface Containers extends ContainerOperations {
  /** Pulls what is missing, writes the record. Answers with the id. */
  create(request: ContainerRequest): Promise<{ readonly id: string; readonly warnings: readonly string[] }>;
  /** Plans and writes the launch program; nothing runs before the handover is executed. For `run` and `start -a`. */
  prepareStart(id: string, options: StartOptions): Promise<Handover>;
  /** Starts detached and answers once the command has been executed, or throws why it could not be. */
  start(nameOrId: string): Promise<void>;
  /** The checked plan of `create` and start, as text a person can read; touches nothing. */
  explain(request: ContainerRequest): Promise<string>;
  list(options?: { readonly all?: boolean }): ContainerSummary[];
  /** Full id for a name, id, or unambiguous prefix. @throws WherryError `E_CONTAINER_NOT_FOUND` */
  find(nameOrId: string): string;
  /** Lines in order; ends at the end of the log, or with `follow` at the container's end. */
  logs(nameOrId: string, options?: LogsOptions): AsyncIterable<LogLine>;
  /** The same, as many lines at once as there are: faster where there are many. */
  logPieces(nameOrId: string, options?: LogsOptions): AsyncIterable<readonly LogLine[]>;
  /** `timeout` in seconds before SIGKILL; -1 waits for ever. */
  stop(nameOrId: string, options?: { readonly timeout?: number; readonly signal?: string }): Promise<void>;
  kill(nameOrId: string, signal: string): Promise<void>;
  /** The exit status, once it has ended. */
  wait(nameOrId: string): Promise<number>;
  remove(nameOrId: string, options?: { readonly force?: boolean; readonly volumes?: boolean }): Promise<void>;
  /** Ids of those that their restart policies want back after a restart of the machine, oldest first. */
  restartable(): Promise<readonly string[]>;
  /** The words of the `run` or `create` that made it; undefined for one that was made otherwise. */
  createCommand(nameOrId: string): Promise<readonly string[] | undefined>;
  /** Once, and only when that container doesn't outlive a logout of this user. */
  logoutWarning(nameOrId: string): Promise<string | undefined>;
  /** Removes what doesn't run and `select` wants; sizes in bytes. */
  prune(
    select: (container: ContainerSummary) => boolean,
  ): Promise<{ readonly ids: readonly string[]; readonly reclaimed: number }>;
}

/** What a container is connected to, as `ps` shows it and filters by it. */
export interface Attachments {
  readonly networks: readonly { readonly id: string; readonly name: string }[];
  readonly mounts: readonly AttachedMount[];
}

export interface AttachedMount {
  /** A volume's name, else its source on the host; `''` for a tmpfs. */
  readonly name: string;
  readonly destination: string;
  readonly volume: boolean;
}
export type {
  AttachRequest,
  ContainerOperations,
  ExecRequest,
  PathChange,
  StatsSample,
} from './container/operations.ts';
export type { OptionRequest } from './container/options.ts';

// ---- volumes --------------------------------------------------------------------------------------------------------

export interface CreateVolumeRequest {
  /** 64 hexadecimal digits are made up when absent, and the volume is anonymous. */
  readonly name?: string | undefined;
  readonly labels?: Readonly<Record<string, string>>;
  /** `type`, `device` and `o`, as of mount(8), for a volume that is a directory of the host, or memory. */
  readonly options?: Readonly<Record<string, string>>;
}

export interface VolumeSummary {
  readonly name: string;
  readonly driver: 'local';
  readonly scope: 'local';
  /** Host directory of its files. */
  readonly mountpoint: string;
  readonly created: string;
  readonly anonymous: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
  /** Containers of any state that use it. */
  readonly links: number;
}

export interface Volumes {
  /** @throws WherryError `E_VOLUME_NAME`, `E_VOLUME_OPTION`, `E_VOLUME_CONFLICT` */
  create(request: CreateVolumeRequest): Promise<VolumeSummary>;
  /** By name. */
  list(): Promise<readonly VolumeSummary[]>;
  /** @throws WherryError `E_VOLUME_NOT_FOUND` */
  find(name: string): Promise<VolumeSummary>;
  /** @throws WherryError `E_VOLUME_NOT_FOUND`, `E_VOLUME_IN_USE`, which names the containers */
  remove(name: string): Promise<void>;
  /** Removes what no container uses and `select` wants. */
  prune(
    select: (volume: Pick<VolumeSummary, 'name' | 'anonymous' | 'labels'>) => boolean,
  ): Promise<{ readonly names: readonly string[]; readonly reclaimed: number }>;
  /** Bytes on the disk, by name. */
  usage(names: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Its files as a tar archive. @throws WherryError `E_VOLUME_NOT_FOUND` */
  export(name: string): AsyncIterable<Uint8Array>;
  /** Adds the files of a tar archive, which may be compressed. @throws WherryError `E_VOLUME_NOT_FOUND` */
  import(name: string, archive: AsyncIterable<Uint8Array>): Promise<void>;
}

// ---- plugins --------------------------------------------------------------------------------------------------------

export type { InstallPluginRequest, PluginSummary, Plugins } from './plugin/api.ts';

// ---- consistency ----------------------------------------------------------------------------------------------------

export interface CheckRequest {
  /** Content of blobs and layers isn't read. */
  readonly quick?: boolean;
  /** Puts right what can be. */
  readonly repair?: boolean;
  /** What another command does at this moment may look like a fault: one counts that is still there after so many ms; 300. */
  readonly settleMs?: number;
  readonly signal?: AbortSignal;
}

export interface CheckReport {
  /** How many of each were looked at. */
  readonly checked: {
    readonly blobs: number;
    readonly images: number;
    readonly layers: number;
    readonly containers: number;
    readonly volumes: number;
  };
  readonly faults: readonly {
    /** `leftover` for what a killed command left, and the next one that pulls or removes collects. */
    readonly kind: 'database' | 'blob' | 'image' | 'layer' | 'container' | 'volume' | 'leftover';
    /** Digest, id, name or path. */
    readonly subject: string;
    readonly message: string;
    /** With `repair` alone. */
    readonly mended?: boolean;
    /** What was done and lost, or why nothing could be. */
    readonly outcome?: string;
  }[];
  /** Layers whose content couldn't be compared, as their blobs aren't here. */
  readonly unread: number;
}

// ---- the engine -----------------------------------------------------------------------------------------------------

export type { EngineEvent } from './event/event.ts';
export type { EventFilters } from './event/filter.ts';
export type { EventsRequest } from './event/follow.ts';
export type {
  ConnectOptions,
  CreateNetworkRequest,
  NetworkDetails,
  NetworkingRequest,
  NetworkSettings,
  NetworkSummary,
  Networks,
  PortBinding,
} from './network/request.ts';

export interface EngineOptions {
  /** State directory; `$WHERRY_ROOT` or the default when absent. */
  readonly root?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Process id that the launcher will have to which is handed over; this process's when absent. */
  readonly clientPid?: number;
  /** A sentence of a driver on what won't work on this machine; each comes once. */
  readonly onWarning?: (sentence: string) => void;
}

export interface EngineInfo {
  readonly version: string;
  readonly root: string;
  readonly runtimeDirectory: string;
  readonly rootFilesystem: string;
  readonly storageDriver: string;
  readonly storageDriverReason: string;
  readonly logDriver: string;
  /** What the configuration says of registries. */
  readonly registries: RegistrySettings;
  readonly drivers: { readonly storage: string[]; readonly network: string[]; readonly log: string[] };
  readonly images: number;
  readonly containers: { readonly running: number; readonly paused: number; readonly stopped: number };
  readonly userNamespace: { readonly mode: string; readonly reason: string };
  readonly cgroup: {
    /** Who makes the cgroups of containers, by Docker's names. */
    readonly driver: 'systemd' | 'cgroupfs' | 'none';
    readonly version: 1 | 2;
    readonly delegated: boolean;
  };
  readonly kernel: string;
  readonly operatingSystem: string;
  readonly architecture: string;
  readonly cpus: number;
  readonly memory: number;
  readonly warnings: readonly string[];
}
