import type { Extent } from '../idmap/extent.ts';
import type { NetworkOperation } from './network-operation.ts';

/**
 * Operations of the section `container`, in the new process and its namespaces, as launcher/PROGRAM.md describes them. Paths of
 * the container are absolute, and resolved inside its root.
 */

export type MountFlag = 'readonly' | 'nosuid' | 'nodev' | 'noexec' | 'noatime' | 'nosymfollow';
export type Propagation = 'private' | 'rprivate' | 'slave' | 'rslave' | 'shared' | 'rshared';

export type ContainerOperation =
  | NetworkOperation
  | {
      readonly op: 'rootfs-overlay';
      /** The host directory that the root is mounted on. */
      readonly mountpoint: string;
      /** From the top to the bottom. */
      readonly lower: readonly string[];
      /** Undefined for a read-only root; then two lower directories are needed. The upper directory is locked (flock). */
      readonly upper: { readonly upperdir: string; readonly workdir: string } | undefined;
      /** `userxattr`, `volatile`, `name=value`, … */
      readonly options: readonly string[];
    }
  /** A plain directory as the root. */
  | { readonly op: 'rootfs-bind'; readonly mountpoint: string; readonly source: string }
  | {
      readonly op: 'mount';
      readonly type: 'proc' | 'sysfs' | 'tmpfs' | 'devpts' | 'mqueue' | 'cgroup2';
      readonly source: string;
      /** Made when it is missing. */
      readonly target: string;
      /** Options of the file system: `mode=755`, `size=65536k`, `newinstance`. */
      readonly options: readonly string[];
      readonly flags: readonly MountFlag[];
      /** Passed over when it fails (cgroup2 where it isn't allowed). */
      readonly optional?: boolean;
    }
  | {
      readonly op: 'bind';
      /** A path of the host; its last component may be a link. */
      readonly source: string;
      /** Made when it is missing: a directory or an empty file, as the source is. */
      readonly target: string;
      readonly recursive: boolean;
      /** With `recursive`, `readonly` goes for all mounts below, too. */
      readonly flags: readonly MountFlag[];
      readonly propagation: Propagation;
      /** A path in the directory `source`, resolved inside it, that is bound in its place. */
      readonly subpath?: string;
      readonly optional?: boolean;
    }
  /**
   * Fills a volume, while it is empty, with what the container's root has at `source`; nothing when that is no directory.
   * Whole or, when cut off, done again by the next one; containers that do so at once wait for each other.
   */
  | {
      readonly op: 'copy-up';
      /** A path of the container. */
      readonly source: string;
      /** The host directory that holds `_data`. */
      readonly volume: string;
    }
  /** Gives a tree of the host to a user and group; other file systems mounted in it are left out. */
  | { readonly op: 'give'; readonly path: string; readonly uid: number; readonly gid: number }
  /** Whom files and file systems belong to that are made from here on; ids of the common namespace. */
  | { readonly op: 'files-as'; readonly uid: number; readonly gid: number }
  /** Host directories stacked, from the top to the bottom, and shown read-only at `target`; two at least. */
  | {
      readonly op: 'overlay';
      readonly target: string;
      readonly options: readonly string[];
      readonly lower: readonly string[];
    }
  /** What another container has mounted at `path`, at `target`; `namespace` is its mount namespace (`/proc/PID/ns/mnt`). */
  | { readonly op: 'share-mount'; readonly namespace: string; readonly path: string; readonly target: string }
  /** Hides a path: an empty read-only directory, or /dev/null over a file. Nothing when it isn't there. */
  | { readonly op: 'mask'; readonly path: string }
  /** Makes a path of the container read-only. Nothing when it isn't there. */
  | { readonly op: 'read-only'; readonly path: string }
  | {
      readonly op: 'rootfs-dir';
      readonly path: string;
      readonly mode: number;
      readonly uid?: number;
      readonly gid?: number;
    }
  | { readonly op: 'rootfs-file'; readonly path: string; readonly mode: number; readonly content: Uint8Array }
  /** Nothing when the path is there already. */
  | { readonly op: 'rootfs-symlink'; readonly path: string; readonly target: string }
  /** From here on, the root is the container's; the host's tree is gone. */
  | { readonly op: 'pivot-root'; readonly readOnly: boolean }
  | { readonly op: 'hostname' | 'domainname'; readonly name: string }
  /** `net.ipv4.ip_unprivileged_port_start`; needs /proc mounted and not yet read-only. */
  | { readonly op: 'sysctl'; readonly name: string; readonly value: string; readonly optional?: boolean }
  | { readonly op: 'loopback-up' }
  | { readonly op: 'umask'; readonly mask: number }
  /** `RLIMIT_*` by number (getrlimit(2), asm-generic/resource.h); `undefined` is no limit. */
  | {
      readonly op: 'rlimit';
      readonly resource: number;
      readonly soft: bigint | undefined;
      readonly hard: bigint | undefined;
      readonly optional?: boolean;
    }
  | { readonly op: 'oom-score-adj'; readonly value: number; readonly optional?: boolean }
  /** The AppArmor profile that the command is confined by; set before all others, as `oom-score-adj` is. */
  | { readonly op: 'apparmor'; readonly profile: string }
  /** Opens a terminal of the container's /dev/pts, hands it to the monitor, makes it standard input, output, error. */
  | {
      readonly op: 'console';
      /** Whether it is bound to /dev/console; not for `exec`. */
      readonly device: boolean;
    }
  /** Made as id 0, mode 0755, when it is missing, as Docker does. */
  | { readonly op: 'working-directory'; readonly path: string }
  /** `groups` are supplementary; they're left out where setgroups(2) is denied. */
  | { readonly op: 'user'; readonly uid: number; readonly gid: number; readonly groups: readonly number[] }
  | {
      readonly op: 'capabilities';
      readonly bounding: bigint;
      readonly effective: bigint;
      readonly permitted: bigint;
      readonly inheritable: bigint;
      readonly ambient: bigint;
    }
  | { readonly op: 'no-new-privileges' }
  /** `filter`: struct sock_filter[] of the machine's byte order. `flags`: SECCOMP_FILTER_FLAG_*. */
  | { readonly op: 'seccomp'; readonly flags: number; readonly filter: Uint8Array }
  /** `NAME=value` each. */
  | { readonly op: 'environment'; readonly variables: readonly string[] }
  | { readonly op: 'arguments'; readonly argv: readonly string[] }
  /** The supplementary groups stay the caller's, mapped or not; those of `user` are left out. */
  | { readonly op: 'keep-groups' }
  /** A small init stays as process 1: it reaps, and passes signals on (`--init`). */
  | { readonly op: 'init' }
  /**
   * Ids of the command's own, in a user namespace below the common one, whose ids are the `outside` here. `user` is then one of
   * these, and mounts and namespaces still belong to the common one; with `namespaces`, the new ones of network, host name
   * and IPC belong to it, and a command that joins takes on that of the container. Kept for `execute`.
   */
  | {
      readonly op: 'own-ids';
      readonly uids: readonly Extent[];
      readonly gids: readonly Extent[];
      readonly namespaces?: boolean;
    }
  /** Takes on user, capabilities and seccomp filter, and executes the arguments; the last operation of the section. */
  | { readonly op: 'execute' };
