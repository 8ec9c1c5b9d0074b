import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { WherryError } from '../errors/error.ts';
import type { CgroupSupport } from '../platform/cgroup.ts';
import { legacyPaths } from '../platform/legacy-cgroup.ts';
import { thisPlatform } from '../platform/platform.ts';
import { groupsAbove, memberships, removeGroup } from './cgroup.ts';
import type { CgroupSetting } from './cgroup-settings.ts';
import { legacySettings } from './legacy-settings.ts';
import type { ContainerOptions } from './options.ts';

/** A container's group in one hierarchy of cgroup v1. */
export interface LegacyGroup {
  readonly controller: string;
  readonly path: string;
}

type Options = Pick<ContainerOptions, 'limits' | 'memorySwappiness' | 'oomKillDisable' | 'cgroupParent'>;

/** Where a container's groups of version 1 are, one for each controller; several may be in one hierarchy, at one path. */
export function legacyGroups(
  { legacy = [] }: CgroupSupport,
  id: string,
  parent: string | undefined,
): readonly LegacyGroup[] {
  return legacy.flatMap(({ controller, mount, delegated }) => {
    const at = parent?.startsWith('/') === true ? join(mount, parent) : join(delegated, parent ?? '');
    if (at !== delegated && !at.startsWith(`${delegated}/`)) return [];
    return [{ controller, path: join(at, `wherry-${id}`) }];
  });
}

/**
 * Makes a container's groups and sets its limits; one that can't be made and isn't needed is left out.
 * @throws WherryError `E_CGROUP` for a limit that the kernel refuses
 */
export function makeLegacyGroups(
  support: CgroupSupport,
  id: string,
  options: Options,
): readonly LegacyGroup[] {
  const settings = legacySettings(options);
  const made = legacyGroups(support, id, options.cgroupParent).filter(({ controller, path }) => {
    try {
      mkdirSync(path, { recursive: true });
      if (controller === 'cpuset') inheritCpuset(path);
      return true;
    } catch (cause) {
      const setting = settings.find((each) => each.controller === controller);
      if (setting !== undefined) throw refused(setting, path, cause);
      return false;
    }
  });
  for (const { controller, path } of made) {
    setAll(
      path,
      settings.filter((each) => each.controller === controller),
    );
  }
  return made;
}

/** A warning for each limit that this kernel's cgroup v1 has no file for, as Docker has it: swap without its account, weights. */
export function legacyWarnings({ legacy = [] }: CgroupSupport, options: Options): readonly string[] {
  return legacySettings(options).flatMap(({ controller, file, flag, implied = false }) => {
    const found = legacy.find((each) => each.controller === controller);
    // Those of a group that is the root of its hierarchy tell nothing.
    if (found === undefined || implied || found.delegated === found.mount) return [];
    return existsSync(join(found.delegated, file))
      ? []
      : [`${flag} has no effect: this kernel's cgroup v1 has no ${file}.`];
  });
}

/** Nothing can be put into a new group of this controller before it has processors and memory nodes (cpusets.rst). */
function inheritCpuset(path: string): void {
  const parent = dirname(path);
  for (const name of ['cpuset.cpus', 'cpuset.mems']) {
    if (read(join(path, name)) !== '') continue;
    if (read(join(parent, name)) === '') inheritCpuset(parent);
    writeFileSync(join(path, name), read(join(parent, name)));
  }
}

/** Memory's two limits bound each other, so that the order depends on what is set already: what is refused is tried once more. */
function setAll(path: string, settings: readonly CgroupSetting[]): void {
  const again = settings.filter((setting) => !set(path, setting));
  for (const setting of again) {
    try {
      writeFileSync(join(path, setting.file), setting.value);
    } catch (cause) {
      throw refused(setting, path, cause);
    }
  }
}

/** What this kernel has no file for is warned of by `legacyWarnings`. */
function set(path: string, setting: CgroupSetting): boolean {
  if (!existsSync(join(path, setting.file))) return true;
  try {
    writeFileSync(join(path, setting.file), setting.value);
    return true;
  } catch {
    return false;
  }
}

function refused({ flag }: CgroupSetting, path: string, cause: unknown): WherryError {
  return new WherryError(`${flag} can't be set: ${(cause as Error).message}.`, {
    code: 'E_CGROUP',
    hint: `The group is ${path}, of cgroup v1; a limit may not go beyond that of the group above it.`,
    cause,
  });
}

/** Mount points by controller, looked up once: `ps` asks for each container. */
let mounts: ReadonlyMap<string, string> | undefined;

/** The group that a process has as its container's own in the hierarchy of a controller. */
export function ownLegacyGroup(id: string, pid: number, controller: string): string | undefined {
  const group = containerGroup(memberships(pid), controller);
  return group?.endsWith(`/wherry-${id}`) ? group : undefined;
}

/** The same, of whatever container, by its process's memberships. */
export function containerGroup(membership: string, controller: string): string | undefined {
  const path = membership.includes('/wherry-') ? legacyPaths(membership).get(controller) : undefined;
  if (path === undefined || !/\/wherry-[0-9a-f]{64}$/.test(path)) return undefined;
  mounts ??= new Map((thisPlatform().cgroup.legacy ?? []).map((each) => [each.controller, each.mount]));
  const mount = mounts.get(controller);
  return mount === undefined ? undefined : mount + path;
}

/** Removes what a killed monitor left of a container's groups; what still runs in them is killed. */
export function removeLegacyGroups(support: CgroupSupport, id: string, parent: string | undefined): void {
  for (const { path, controller } of legacyGroups(support, id, parent)) {
    if (existsSync(path)) {
      killAll(path);
      removeGroup(path);
    }
    if (parent === undefined || parent.startsWith('/')) continue;
    const delegated = support.legacy?.find((each) => each.controller === controller)?.delegated;
    for (const above of groupsAbove(path, delegated)) removeGroup(above);
  }
}

/** How often it is looked whether killed processes are gone, every 2 ms. */
const TRIES = 2500;

function killAll(path: string): void {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let tries = 0; tries < TRIES; tries += 1) {
    const pids = read(join(path, 'cgroup.procs')).split('\n').filter(Boolean).map(Number);
    if (pids.length === 0) return;
    for (const pid of pids) kill(pid);
    Atomics.wait(pause, 0, 0, 2);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1').trim();
  } catch {
    return '';
  }
}
