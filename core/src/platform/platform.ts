import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { type OciArch, ociArch } from './arch.ts';
import { type CgroupSupport, findCgroup, unifiedMount } from './cgroup.ts';
import { kernelRelease, machineName } from './host.ts';
import { type KernelRelease, parseKernelRelease } from './kernel.ts';
import { findUserManager } from './user-manager.ts';
import { type UserNamespaceSupport, userNamespaceSupport } from './user-namespace.ts';

/** What this machine offers to containers of the calling user. */
export interface Platform {
  readonly kernel: KernelRelease;
  readonly arch: OciArch;
  readonly userNamespaces: UserNamespaceSupport;
  readonly cgroup: CgroupSupport;
  /** The mount point of its unified hierarchy alone, for those who would look at a process's group. */
  readonly unifiedMount: string | undefined;
  /** Whether the kernel has overlay now; it may still load the module at the first mount. */
  readonly overlay: boolean;
  readonly fuse: boolean;
  readonly tun: boolean;
  /** The highest capability the kernel knows. */
  readonly lastCap: number;
  readonly cpus: number;
  /** Bytes. */
  readonly memory: number;
}

/**
 * The facts, each looked up below /proc and /dev when it is first asked for: all take a millisecond, and most commands want
 * one of them.
 *
 * @param root The directory that stands for `/`, for tests; kernel, processor and memory are always this machine's.
 */
export function readPlatform(root = '/', uid = process.getuid?.() ?? 0): Platform {
  const at = (path: string): string => join(root, path);
  const read = (path: string): string | undefined => readText(at(path));
  return lazily<Platform>({
    kernel: () => parseKernelRelease(kernelRelease()),
    arch: () => ociArch(machineName()),
    userNamespaces: () =>
      userNamespaceSupport({
        ...setting('maxUserNamespaces', read('proc/sys/user/max_user_namespaces')),
        ...setting('unprivilegedClone', read('proc/sys/kernel/unprivileged_userns_clone')),
        ...setting('apparmorRestrict', read('proc/sys/kernel/apparmor_restrict_unprivileged_userns')),
        supported: existsSync(at('proc/self/ns/user')),
        uid,
      }),
    cgroup: () => {
      const reader = { read, writable: (path: string) => accessible(at(path), constants.W_OK) };
      const found = findCgroup(read('proc/self/mountinfo') ?? '', read('proc/self/cgroup') ?? '', reader);
      const manager = findUserManager(found, uid, process.env.XDG_RUNTIME_DIR, reader);
      return forUser(manager === undefined ? found : { ...found, manager }, uid);
    },
    unifiedMount: () => unifiedMount(read('proc/self/mountinfo') ?? ''),
    overlay: () => /\boverlay$/m.test(read('proc/filesystems') ?? ''),
    fuse: () => accessible(at('dev/fuse'), constants.R_OK | constants.W_OK),
    tun: () => accessible(at('dev/net/tun'), constants.R_OK | constants.W_OK),
    lastCap: () => Number(read('proc/sys/kernel/cap_last_cap') ?? 40),
    cpus: () => availableParallelism(),
    memory: () => totalmem(),
  });
}

let own: Platform | undefined;

/** Those of this machine and user, for all who ask. */
export function thisPlatform(): Platform {
  own ??= readPlatform();
  return own;
}

/** A record whose values are made when they are first asked for, and kept. */
function lazily<T extends object>(make: { readonly [Key in keyof T]: () => T[Key] }): T {
  const record = {} as T;
  for (const key of Object.keys(make) as (keyof T)[]) {
    const keep = (value: T[keyof T]): T[keyof T] => {
      Object.defineProperty(record, key, { value, enumerable: true });
      return value;
    };
    Object.defineProperty(record, key, {
      get: () => keep(make[key]()),
      enumerable: true,
      configurable: true,
    });
  }
  return record;
}

/** Root's containers are nobody's that a group of version 1 was handed to. */
function forUser({ legacy, ...unified }: CgroupSupport, uid: number): CgroupSupport {
  return uid === 0 || legacy === undefined ? unified : { ...unified, legacy };
}

function setting<K extends string>(key: K, text: string | undefined): { readonly [P in K]?: number } {
  return text !== undefined && /^\d+\s*$/.test(text)
    ? ({ [key]: Number(text) } as { readonly [P in K]?: number })
    : {};
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function accessible(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
