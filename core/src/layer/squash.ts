import type { Extent } from '../idmap/extent.ts';
import type { BytePath, Xattrs } from '../tree/protocol.ts';
import type { TarEntry } from './tar-entry.ts';

/** The ids that exist inside, from /proc/PID/uid_map and gid_map of the namespace. */
export interface IdMap {
  readonly uids: readonly Extent[];
  readonly gids: readonly Extent[];
}

/** What an entry of the tree should be and can't, kept beside the tree (see {@link OwnersFile}). */
export interface OwnerRecord {
  readonly path: BytePath;
  readonly uid: number;
  readonly gid: number;
  /** Permission bits with set-id and sticky, as the image has them. */
  readonly mode: number;
  /** A device node, in whose place there is an empty file. */
  readonly device?: readonly ['char' | 'block', major: number, minor: number];
}

export interface Squashed {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  readonly record: OwnerRecord | undefined;
}

const SET_UID = 0o4000;
const SET_GID = 0o2000;

/**
 * Owners that the user namespace doesn't have become 0, and are recorded. A set-id bit goes with its owner: a program
 * that was to run as some other user must not run as the container's root.
 */
export function squash(entry: TarEntry, path: BytePath, ids: IdMap): Squashed {
  const { uid, gid, mode } = entry;
  const keepsUid = has(ids.uids, uid);
  const keepsGid = has(ids.gids, gid);
  const device =
    entry.type === 'char' || entry.type === 'block' ? ([entry.type, ...entry.device] as const) : undefined;
  if (keepsUid && keepsGid && device === undefined) return { uid, gid, mode, record: undefined };
  const lost =
    (keepsUid || entry.type === 'directory' ? 0 : SET_UID) |
    (keepsGid || entry.type === 'directory' ? 0 : SET_GID);
  return {
    uid: keepsUid ? uid : 0,
    gid: keepsGid ? gid : 0,
    mode: mode & ~lost,
    record: { path, uid, gid, mode, ...(device && { device }) },
  };
}

function has(map: readonly Extent[], id: number): boolean {
  // Nearly all files of an image are root's.
  for (const { inside, count } of map) if (id >= inside && id < inside + count) return true;
  return false;
}

/**
 * The extended attributes that a user namespace can set and that mean inside what they mean outside: `user.*` and, on
 * files, capabilities; POSIX ACLs. `user.overlay.*` would change how the layers are stacked.
 *
 * @returns The kept ones, and the names of the others.
 */
export function keepXattrs(
  xattrs: Xattrs,
  type: TarEntry['type'],
): { readonly kept: Xattrs | undefined; readonly dropped: readonly string[] } {
  const kept = new Map<string, Uint8Array>();
  const dropped: string[] = [];
  for (const [name, value] of xattrs) {
    if (isKept(name, type)) kept.set(name, value);
    else dropped.push(name);
  }
  return { kept: kept.size === 0 ? undefined : kept, dropped };
}

function isKept(name: string, type: TarEntry['type']): boolean {
  if (type !== 'file' && type !== 'directory') return false;
  if (name.includes('\0') || name.length > 255) return false;
  if (name.startsWith('user.')) return name.length > 5 && !name.startsWith('user.overlay.');
  if (name === 'security.capability') return type === 'file';
  return name === 'system.posix_acl_access' || (name === 'system.posix_acl_default' && type === 'directory');
}
