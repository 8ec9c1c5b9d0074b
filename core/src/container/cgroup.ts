import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { WherryError } from '../errors/error.ts';
import { type CgroupSupport, unifiedPath } from '../platform/cgroup.ts';
import { thisPlatform } from '../platform/platform.ts';
import { type CgroupSetting, limitSettings } from './cgroup-settings.ts';
import type { Limits } from './limits.ts';
import { groupsInScopes, isSlice } from './scope.ts';

/** Absolute path of the cgroup v2 that a process is in; undefined without a unified hierarchy, or without the process. */
export function processCgroup(pid: number): string | undefined {
  return unifiedGroup(memberships(pid));
}

/** What /proc/PID/cgroup says; nothing when there is no such process. */
export function memberships(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8');
  } catch {
    return '';
  }
}

/** The same from what is known of its memberships. */
export function unifiedGroup(membership: string): string | undefined {
  const mount = thisPlatform().unifiedMount;
  const path = mount === undefined ? undefined : unifiedPath(membership);
  return path === undefined ? undefined : `${mount}${path === '/' ? '' : path}`;
}

/** The cgroup that a process has as its container's own. */
export function ownCgroup(id: string, init: number): string | undefined {
  const group = processCgroup(init);
  return group?.endsWith(`/wherry-${id}`) ? group : undefined;
}

/**
 * Where a container's own cgroup is made, when one can be. `parent` is `--cgroup-parent`: from the delegated group, or with a
 * slash at the beginning from the hierarchy's root.
 * @throws WherryError `E_CGROUP` for a parent outside of what the user may use
 */
export function cgroupOf(
  { mount, delegated, legacy = [], manager }: CgroupSupport,
  id: string,
  parent: string | undefined,
): string | undefined {
  // The manager's to make, with the scope.
  if (manager !== undefined && isSlice(parent)) return undefined;
  const own = `wherry-${id}`;
  if (parent === undefined) return delegated === undefined ? undefined : join(delegated, own);
  if (mount === undefined || delegated === undefined) {
    if (legacy.length > 0 && !parent.startsWith('/')) return undefined;
    throw refusedParent(parent, 'no cgroup is delegated to you');
  }
  const at = parent.startsWith('/') ? join(mount, parent) : join(delegated, parent);
  if (at !== delegated && !at.startsWith(`${delegated}/`))
    throw refusedParent(
      parent,
      `it isn't below ${delegated.slice(mount.length) || '/'}, which is delegated to you`,
    );
  return join(at, own);
}

function refusedParent(parent: string, why: string): WherryError {
  return new WherryError(`The cgroup ${parent} can't be a container's parent: ${why}.`, {
    code: 'E_CGROUP',
    hint: 'Give a path without a slash at the beginning, which is made where containers have their cgroups.',
  });
}

/** A warning for each controller that limits need and the user hasn't got. */
export function limitWarnings(
  limits: Limits,
  { version, controllers, delegated, legacy = [], manager }: CgroupSupport,
): readonly string[] {
  const missing = new Map<string, string[]>();
  for (const { controller, flag } of limitSettings(limits)) {
    if (delegated !== undefined && controllers.includes(controller)) continue;
    if (manager?.controllers.includes(controller) === true) continue;
    if (legacy.some((each) => each.controller === (controller === 'io' ? 'blkio' : controller))) continue;
    missing.set(controller, [...new Set([...(missing.get(controller) ?? []), flag])]);
  }
  const why =
    version === 1
      ? 'this machine has it in cgroup v1, and an administrator can hand over a directory of that: see wherry’s documentation, docs/limits.md'
      : 'an administrator can delegate it to the user: systemctl edit user@.service, with Delegate=yes';
  return [...missing].map(([controller, flags]) =>
    `${flags.join(', ')} ${flags.length === 1 ? 'has' : 'have'} no effect: the cgroup controller ${controller} isn't this user's; ${why}. ${standIn(controller)}`.trim(),
  );
}

function standIn(controller: string): string {
  if (controller === 'memory') return '--ulimit as=BYTES limits each process.';
  return controller === 'pids' ? "--ulimit nproc=N limits the user's processes." : '';
}

/**
 * Makes a container's own cgroup and sets its limits, as far as the controllers are there.
 * @returns its path; undefined where none can be made
 * @throws WherryError `E_CGROUP` for a limit that the kernel refuses
 */
export function makeCgroup(
  support: CgroupSupport,
  id: string,
  limits: Limits,
  parent?: string,
): string | undefined {
  const path = cgroupOf(support, id, parent);
  if (path === undefined || support.delegated === undefined) return undefined;
  const settings = limitSettings(limits).filter(({ controller }) => support.controllers.includes(controller));
  try {
    mkdirSync(path, { recursive: true });
  } catch {
    // Without limits, the container can do without a group of its own; it can't be paused then, which `pause` says.
    if (settings.length === 0) return undefined;
  }
  writeLimits(support.delegated, path, settings);
  return path;
}

/**
 * Changes the limits of a container that runs in a scope of its monitor's.
 * @param group the container's own
 * @throws WherryError `E_CGROUP`
 */
export function setLimitsInScope({ manager }: CgroupSupport, group: string, limits: Limits): void {
  const settings = limitSettings(limits).filter(({ controller }) =>
    manager?.controllers.includes(controller),
  );
  writeLimits(dirname(group), group, settings);
}

/** Into a group's files, once those from `top` down to it have handed it the controllers. */
function writeLimits(top: string, group: string, settings: readonly CgroupSetting[]): void {
  for (const setting of settings) {
    if (setting.implied === true && !existsSync(join(group, setting.file))) continue;
    try {
      giveController(top, group, setting.controller);
      writeFileSync(join(group, setting.file), setting.value);
    } catch (cause) {
      throw refused(setting, top, cause);
    }
  }
}

/** From the delegated group down: each gives its children what it has been given itself. */
function giveController(delegated: string, path: string, controller: string): void {
  const names = path
    .slice(delegated.length + 1)
    .split('/')
    .slice(0, -1);
  for (let at = delegated; ; at = join(at, names.shift() ?? '')) {
    writeFileSync(join(at, 'cgroup.subtree_control'), `+${controller}`);
    if (names.length === 0) return;
  }
}

function refused({ flag, controller }: CgroupSetting, top: string, cause: unknown): WherryError {
  return new WherryError(`${flag} can't be set: ${(cause as Error).message}.`, {
    code: 'E_CGROUP',
    hint: top.endsWith('.scope')
      ? 'wherry info   says which controllers you have.'
      : `Children of ${top} are given the controller ${controller} only while no process is in it itself: start from a group below, as systemd-run --user --scope makes one.`,
    cause,
  });
}

/**
 * Removes what a killed monitor left of a container's cgroup, with what still runs in it, and parents that were made for it
 * and are empty.
 */
export function removeCgroup(support: CgroupSupport, id: string, parent?: string): void {
  const path = locate(support, id, parent);
  const scopes = groupsInScopes(support, id, isSlice(parent) ? parent : undefined);
  for (const group of path === undefined ? scopes : [path, ...scopes]) {
    if (!existsSync(group)) continue;
    killGroup(group);
    removeGroups(group);
  }
  if (path === undefined) return;
  if (parent === undefined || parent.startsWith('/')) return;
  for (const above of groupsAbove(path, support.delegated)) removeGroup(above);
}

/** The groups between a container's own and the one that it was made below, which is left. */
export function groupsAbove(path: string, delegated: string | undefined): readonly string[] {
  const above = dirname(path);
  if (delegated === undefined || !above.startsWith(`${delegated}/`)) return [];
  return [above, ...groupsAbove(above, delegated)];
}

/** As `cgroupOf`; nowhere when the delegation has changed since. */
function locate(support: CgroupSupport, id: string, parent: string | undefined): string | undefined {
  try {
    return cgroupOf(support, id, parent);
  } catch {
    return undefined;
  }
}

/** How long killed processes may take to be gone, in milliseconds. */
const PATIENCE_MS = 5000;

/** Kills all in a group (cgroup.kill, Linux 5.14) and waits until they are gone; without it, they stay. */
function killGroup(path: string): void {
  const populated = (): boolean => /^populated 1$/m.test(readFileSync(join(path, 'cgroup.events'), 'latin1'));
  const pause = new Int32Array(new SharedArrayBuffer(4));
  try {
    if (!populated()) return;
    writeFileSync(join(path, 'cgroup.kill'), '1');
    for (const end = Date.now() + PATIENCE_MS; populated() && Date.now() < end; )
      Atomics.wait(pause, 0, 0, 2);
  } catch (error) {
    if (!['ENOENT', 'EACCES', 'EPERM', 'ENODEV'].includes((error as NodeJS.ErrnoException).code ?? ''))
      throw error;
  }
}

function removeGroups(path: string): void {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) removeGroups(join(path, entry.name));
  }
  removeGroup(path);
}

/** Removes one group, unless it is in use, gone or not the caller's. */
export function removeGroup(path: string): void {
  try {
    rmdirSync(path);
  } catch (error) {
    if (!['EBUSY', 'ENOENT', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? ''))
      throw error;
  }
}
