import { findLegacyControllers, type LegacyController } from './legacy-cgroup.ts';
import type { UserManager } from './user-manager.ts';

/** Which cgroups a user's containers can have. */
export interface CgroupSupport {
  /** 2: unified. 1: legacy or hybrid. 0: none mounted. */
  readonly version: 0 | 1 | 2;
  /** The unified hierarchy's mount point, without a slash at the end. */
  readonly mount?: string;
  /** Our own group in it, absolute on this machine. */
  readonly own?: string;
  /** The highest group at or above our own that we may make children in. */
  readonly delegated?: string;
  /** The controllers that children of `delegated` can be given. */
  readonly controllers: readonly string[];
  /** Who gives controllers to what is in a scope of its own; absent where that isn't the way to have them. */
  readonly manager?: UserManager;
  /** What of version 1 the user may make groups in; absent where there is nothing. */
  readonly legacy?: readonly LegacyController[];
}

/** The effects that the search needs. */
export interface CgroupReader {
  /** The text of a file, or undefined. */
  read(path: string): string | undefined;
  writable(path: string): boolean;
}

/**
 * Finds the delegated cgroup (cgroups(7), "cgroup delegation"): the highest group on our way up in which we may
 * write cgroup.procs and make directories without a gap; systemd's user sessions have one.
 *
 * @param mountinfo /proc/self/mountinfo
 * @param membership /proc/self/cgroup
 */
export function findCgroup(mountinfo: string, membership: string, reader: CgroupReader): CgroupSupport {
  const mounts = parseMounts(mountinfo);
  const unified = findUnified(mounts, membership, reader);
  const old = mounts.filter((mount) => mount.type === 'cgroup');
  if (old.length === 0) return unified;
  const legacy = findLegacyControllers(old, membership, reader).filter(
    ({ controller }) => !unified.controllers.includes(controller === 'blkio' ? 'io' : controller),
  );
  return legacy.length === 0 ? unified : { ...unified, legacy };
}

function findUnified(mounts: readonly Mount[], membership: string, reader: CgroupReader): CgroupSupport {
  const unified = mounts.find((mount) => mount.type === 'cgroup2');
  const version = mounts.some((mount) => mount.type === 'cgroup') ? 1 : unified === undefined ? 0 : 2;
  const path = unifiedPath(membership);
  if (unified === undefined || path === undefined) return { version, controllers: [] };
  const mount = unified.point;
  const relative = path === '/' ? '' : within(path, unified.root);
  if (relative === undefined) return { version, mount, controllers: [] };
  const own = mount + relative;
  let delegated: string | undefined;
  for (let at = own; at.length >= mount.length; at = at.slice(0, at.lastIndexOf('/'))) {
    if (!reader.writable(at) || !reader.writable(`${at}/cgroup.procs`)) break;
    delegated = at;
    if (at === mount) break;
  }
  if (delegated === undefined) return { version, mount, own, controllers: [] };
  const controllers = (reader.read(`${delegated}/cgroup.controllers`) ?? '')
    .split(/\s+/)
    .filter((name) => name !== '');
  return { version, mount, own, delegated, controllers };
}

interface Mount {
  readonly root: string;
  readonly point: string;
  readonly type: string;
  /** Of the file system. */
  readonly options: readonly string[];
}

/**
 * The mounts of either version. proc_pid_mountinfo(5): root and mount point are fields 4 and 5, the type comes after the dash.
 * Without regular expressions, as each costs a short command more to make than to use.
 */
function parseMounts(mountinfo: string): Mount[] {
  return mountinfo.split('\n').flatMap((line) => {
    const dash = line.indexOf(' - cgroup');
    if (dash < 0) return [];
    const [, , , root = '', point = ''] = line.slice(0, dash).split(' ');
    const [type = '', , options = ''] = line.slice(dash + ' - '.length).split(' ');
    return [{ root: unescapeOctal(root), point: unescapeOctal(point), type, options: options.split(',') }];
  });
}

function unescapeOctal(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\([0-7]{3})/g, (_all, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

/** Where the unified hierarchy is mounted, without a slash at the end. */
export function unifiedMount(mountinfo: string): string | undefined {
  return parseMounts(mountinfo).find(({ type }) => type === 'cgroup2')?.point;
}

/** A process's group in the unified hierarchy, from /proc/PID/cgroup. */
export function unifiedPath(membership: string): string | undefined {
  const line = membership.split('\n').find((each) => each.startsWith('0::/'));
  return line?.slice('0::'.length);
}

function within(path: string, root: string): string | undefined {
  if (root === '/') return path;
  if (path === root) return '';
  return path.startsWith(`${root}/`) ? path.slice(root.length) : undefined;
}
