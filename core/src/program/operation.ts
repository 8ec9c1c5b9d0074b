import type { ContainerOperation } from './container-operation.ts';
import type { NetworkPreparation } from './network-operation.ts';

export type { ContainerOperation, MountFlag, Propagation } from './container-operation.ts';
export type {
  HelperReadiness,
  LinkOperation,
  NetworkOperation,
  NetworkPlace,
  NetworkPreparation,
} from './network-operation.ts';

/** How messages go to a socket; times in milliseconds. What is absent is without a limit. */
export interface SendingPace {
  /** That wait at most. */
  readonly messages?: number;
  /** Before a lost connection is made anew. Absent: 100, doubled each time up to 30 s. */
  readonly retryWait?: number;
  /** After so many tries what waits is dropped. */
  readonly maxRetries?: number;
  /** Without progress, until the connection is given up and made anew. */
  readonly writeTimeout?: number;
  /** After which a connection that works is made anew, its host looked up once more. */
  readonly renewal?: number;
  /** The container waits also while there is no connection, unless it is `nonBlocking`. */
  readonly holds?: boolean;
  /** For fluentd: each message is sent anew until the receiver has said that it has it. */
  readonly acknowledged?: boolean;
}

/**
 * The operations of a launch program, as launcher/PROGRAM.md describes them. Host paths are absolute; paths of the container
 * are absolute too, and resolved by the launcher inside the container's root, so that no link leads out of it.
 */

// ---- settings: for the monitor ---------------------------------------------------------------------------------------

export type NamespaceKind = 'mount' | 'pid' | 'network' | 'uts' | 'ipc' | 'cgroup';

export type SettingOperation =
  /** The container's directory: `lock`, `attach`, and the facts are there. It must be writable by id 0 of the namespace. */
  | { readonly op: 'directory'; readonly path: string }
  | {
      readonly op: 'user-namespace';
      /** Directory of the namespace's holder, shared by all containers of a user; undefined makes one for this container. */
      readonly holder: string | undefined;
      /** Seconds that the holder stays after the last user of the namespace has gone. */
      readonly linger: number;
      /** Absolute paths; undefined writes the maps directly (single id, or root). */
      readonly helpers: { readonly newuidmap: string; readonly newgidmap: string } | undefined;
      /** Whether setgroups(2) must be denied, as for a single id without privilege. */
      readonly denySetgroups: boolean;
    }
  | {
      readonly op: 'uid-map' | 'gid-map';
      readonly inside: number;
      readonly outside: number;
      readonly count: number;
    }
  /** A namespace that is new, or joined by the path of an nsfs file (`/proc/PID/ns/net`). Absent: the caller's is shared. */
  | { readonly op: 'namespace'; readonly kind: NamespaceKind; readonly path?: string }
  /** For `exec`: join all namespaces of this process, which must have this start time (field 22 of /proc/PID/stat). */
  | { readonly op: 'join'; readonly pid: number; readonly startTime: string }
  /** The container has a terminal; the container section needs `console`. */
  | { readonly op: 'terminal' }
  /** `none`: /dev/null. `open`: stays open when a client's input ends. `once`: ends with the first client's input. */
  | { readonly op: 'stdin'; readonly mode: 'none' | 'open' | 'once' }
  /** The calling process ends as soon as the command has been executed. */
  | { readonly op: 'detach' }
  /** Streams that the calling process attaches to. Absent: output and errors. */
  | { readonly op: 'attach'; readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean }
  /** Bytes that detach a client with a terminal, ctrl-p ctrl-q as `\x10\x11`; none when empty. Absent: ctrl-p ctrl-q. */
  | { readonly op: 'detach-keys'; readonly keys: Uint8Array }
  /** Whether signals to the client are passed to the container. Absent: yes, unless there is a terminal. */
  | { readonly op: 'signal-proxy'; readonly on: boolean }
  | {
      readonly op: 'log-file';
      readonly path: string;
      readonly framing: 'docker-json' | 'cri' | 'raw' | 'binary';
      /** Bytes at which the file is rotated; undefined never. */
      readonly maxSize: number | undefined;
      /** Files in all, the current one included; with 1 the file is emptied. */
      readonly maxFiles: number;
      /** For docker-json: a JSON object put into each line as `attrs`. */
      readonly attributes?: string;
      /** Rotated files are packed with gzip, in the background. */
      readonly compress?: boolean;
    }
  /** Output as messages to a socket; `parts` are what core/src/log/message.ts makes. */
  | {
      readonly op: 'log-socket';
      /** `unix:/path`, `unixgram:/path`, `udp:host:port` or `tcp:host:port`. */
      readonly address: string;
      readonly framing:
        | 'syslog-rfc3164'
        | 'syslog-rfc5424'
        | 'journald'
        | 'gelf'
        | 'fluentd'
        | 'raw'
        | 'binary';
      readonly nonBlocking: boolean;
      /** Bytes of messages that may wait. */
      readonly buffer: number;
      /** The container isn't started when nobody is there. */
      readonly required: boolean;
      readonly parts: {
        readonly number: number;
        readonly subsecond: boolean;
        readonly head: Uint8Array;
        readonly fields: Uint8Array;
        readonly pace: SendingPace;
      };
    }
  /**
   * The process that listens at the `unix:` address of `log-socket`: executed by the monitor when nobody does, as after it was
   * killed; and at the container's end it is waited for, as it has not written all while it has not closed the connection.
   */
  | { readonly op: 'log-helper'; readonly argv: readonly string[] }
  /** Sent to the container's init when the monitor gets SIGTERM. Absent: SIGTERM (15). */
  | { readonly op: 'stop-signal'; readonly signal: number }
  | {
      readonly op: 'restart';
      readonly policy: 'no' | 'on-failure' | 'always' | 'unless-stopped';
      /** For `on-failure`; 0 is no limit. */
      readonly maxRetries: number;
    }
  /** A file on the host that has the container's pid after each execution of its command. */
  | { readonly op: 'pidfile'; readonly path: string }
  /** A cgroup v2 directory that the container is started in; `optional` starts without where that's not allowed. */
  | { readonly op: 'cgroup'; readonly path: string; readonly optional?: boolean }
  /**
   * Has systemd's user manager, who listens at `socket`, make the scope `unit` for the monitor (systemd.scope(5)), within a slice and
   * ended with another unit where those are given; and in it the cgroup `group` for the container, with what `cgroup-setting` says.
   * Without a group, the monitor is of a command in a container that is there. `mount` is where cgroup v2 is.
   */
  | {
      readonly op: 'scope';
      readonly socket: string;
      readonly unit: string;
      readonly mount: string;
      readonly group?: string;
      readonly slice?: string;
      readonly partOf?: string;
    }
  /** A file of the container's cgroup in its scope; `optional` where the kernel may have no such file. */
  | {
      readonly op: 'cgroup-setting';
      readonly controller: string;
      readonly file: string;
      readonly value: string;
      readonly optional?: boolean;
    }
  /** A group of version 1 that the container is put into; one a hierarchy, `controller` the one that it is asked for by. */
  | {
      readonly op: 'legacy-cgroup';
      readonly path: string;
      readonly controller: string;
      readonly optional?: boolean;
    }
  /** Events are left as files whose paths begin with `prefix`; those of an `exec` have its id. */
  | { readonly op: 'events'; readonly prefix: string; readonly execId?: string }
  /** A command that is run in the container again and again, to tell whether it is well. Times in milliseconds. */
  | {
      readonly op: 'health';
      readonly interval: number;
      readonly timeout: number;
      /** Failures in a row that make it unhealthy. */
      readonly retries: number;
      /** Failures in this time after a start don't count. */
      readonly startPeriod: number;
      /** The interval during the start period, until the first success. */
      readonly startInterval: number;
      readonly argv: readonly string[];
    };

// ---- files: in `prepare` and `cleanup`, on the host, as id 0 of the user namespace ----------------------------------

export type FileOperation =
  /** Missing parents are made, mode 0755. An existing directory is left as it is. */
  | {
      readonly op: 'make-dir';
      readonly path: string;
      readonly mode: number;
      readonly uid?: number;
      readonly gid?: number;
    }
  /** `target` must not exist. */
  | { readonly op: 'copy-tree'; readonly source: string; readonly target: string }
  /** A file, too. No error when it isn't there. */
  | { readonly op: 'remove-tree'; readonly path: string }
  | { readonly op: 'rename'; readonly source: string; readonly target: string }
  | { readonly op: 'symlink'; readonly path: string; readonly target: string }
  /** Written whole by a rename. */
  | { readonly op: 'write-file'; readonly path: string; readonly mode: number; readonly content: Uint8Array };

/** One step of preparation, and what takes it back should a later step or the start of the container fail. */
export interface PrepareStep {
  readonly do: FileOperation | NetworkPreparation;
  readonly undo?: readonly FileOperation[];
}

export interface Program {
  readonly settings: readonly SettingOperation[];
  readonly prepare: readonly PrepareStep[];
  readonly container: readonly ContainerOperation[];
  /** Executed by the monitor at the end, after the fact `exited`; goes on past failures. */
  readonly cleanup: readonly FileOperation[];
}

export type Operation = SettingOperation | FileOperation | NetworkPreparation | ContainerOperation;
