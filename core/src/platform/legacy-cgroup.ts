import type { CgroupReader } from './cgroup.ts';

/** A controller of cgroup v1 that the user has a directory of. */
export interface LegacyController {
  readonly controller: string;
  /** Where its hierarchy is mounted. */
  readonly mount: string;
  /** The highest group at or above our own that we may make children in. */
  readonly delegated: string;
}

/** Those that a container can make use of. */
export const LEGACY_CONTROLLERS = ['memory', 'cpu', 'cpuacct', 'cpuset', 'pids', 'blkio', 'freezer'] as const;

/** A mounted hierarchy of version 1: its controllers are among the options of its file system. */
export interface LegacyMount {
  readonly root: string;
  readonly point: string;
  readonly options: readonly string[];
}

/**
 * Finds the directories of cgroup v1 that were handed over (cgroups(7), "Cgroups delegation" of version 1): for each controller the
 * highest group on our way up in which we may write without a gap. Being in it is what says that it is meant for us.
 * @param membership /proc/self/cgroup
 */
export function findLegacyControllers(
  mounts: readonly LegacyMount[],
  membership: string,
  reader: CgroupReader,
): readonly LegacyController[] {
  const paths = legacyPaths(membership);
  return LEGACY_CONTROLLERS.flatMap((controller) => {
    const mount = mounts.find(({ options }) => options.includes(controller));
    const path = paths.get(controller);
    if (mount === undefined || path === undefined) return [];
    const relative = within(path, mount.root);
    if (relative === undefined) return [];
    let delegated: string | undefined;
    for (
      let at = mount.point + relative;
      at.length >= mount.point.length;
      at = at.slice(0, at.lastIndexOf('/'))
    ) {
      if (!reader.writable(at) || !reader.writable(`${at}/cgroup.procs`)) break;
      delegated = at;
    }
    return delegated === undefined ? [] : [{ controller, mount: mount.point, delegated }];
  });
}

/** A process's groups in the hierarchies of all controllers, from /proc/PID/cgroup. */
export function legacyPaths(membership: string): ReadonlyMap<string, string> {
  const paths = new Map<string, string>();
  for (const line of membership.split('\n')) {
    const [, controllers = '', ...rest] = line.split(':');
    const path = rest.join(':');
    if (controllers === '' || !path.startsWith('/')) continue;
    for (const controller of controllers.split(',')) paths.set(controller, path);
  }
  return paths;
}

/** A path of the hierarchy as seen from a mount of part of it, without a slash at the end. */
function within(path: string, root: string): string | undefined {
  const from = root === '/' ? '' : root;
  if (path === '/' || path === root) return root === '/' || path === root ? '' : undefined;
  return path.startsWith(`${from}/`) ? path.slice(from.length) : undefined;
}
