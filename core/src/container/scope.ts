import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { CgroupSupport } from '../platform/cgroup.ts';
import type { SettingOperation } from '../program/operation.ts';
import { type CgroupSetting, limitSettings } from './cgroup-settings.ts';
import { shortId } from './id.ts';
import type { Limits } from './limits.ts';

/** A scope of systemd's user manager for a container's monitor, and the container's cgroup in it (systemd.scope(5)). */
export interface Scope {
  readonly operation: Extract<SettingOperation, { readonly op: 'scope' }>;
  readonly settings: readonly CgroupSetting[];
}

/** Whether `--cgroup-parent` names a slice of systemd's, which it makes (systemd.slice(5)). */
export function isSlice(parent: string | undefined): parent is string {
  return parent !== undefined && /^[^/]+\.slice$/.test(parent);
}

/**
 * The scope that a container needs for its limits, where systemd's user manager is the one to give controllers. Without limits it has
 * none: what belongs to the manager ends when the user logs out.
 *
 * @param launch tells a start's scope from that of the one before, which systemd may be about to remove
 */
export function scopeFor(
  { manager, mount }: CgroupSupport,
  id: string,
  launch: number,
  { limits, cgroupParent }: { readonly limits: Limits; readonly cgroupParent?: string | undefined },
): Scope | undefined {
  if (manager === undefined || mount === undefined) return undefined;
  if (cgroupParent !== undefined && !isSlice(cgroupParent)) return undefined;
  const settings = limitSettings(limits).filter(({ controller }) => manager.controllers.includes(controller));
  if (settings.length === 0 && cgroupParent === undefined) return undefined;
  const { socket, service: partOf } = manager;
  return {
    operation: {
      op: 'scope',
      socket,
      unit: `wherry-${shortId(id)}-${launch}.scope`,
      mount,
      group: `wherry-${id}`,
      ...(cgroupParent !== undefined && { slice: cgroupParent }),
      ...(partOf !== undefined && { partOf }),
    },
    settings,
  };
}

/** The settings of a launch program that make it. */
export function scopeSettings({ operation, settings }: Scope): readonly SettingOperation[] {
  return [
    operation,
    ...settings.map(
      ({ controller, file, value, implied = false }) =>
        ({ op: 'cgroup-setting', controller, file, value, ...(implied && { optional: true }) }) as const,
    ),
  ];
}

/** What lets a command into the cgroup of a container that has such a scope: from a login session there is no other way. */
export function scopeOfExec(
  { manager, mount }: CgroupSupport,
  group: string | undefined,
  execId: string,
): readonly SettingOperation[] {
  if (manager === undefined || mount === undefined || group === undefined || !isInScope(group)) return [];
  return [{ op: 'scope', socket: manager.socket, unit: `wherry-exec-${shortId(execId)}.scope`, mount }];
}

/** The slice of units for which none is asked (systemd.special(7)). */
const DEFAULT_SLICE = 'app.slice';

/**
 * The cgroups that scopes of a container may have left: one a start, absolute paths. systemd removes them with the last process, but
 * where the monitor alone was killed, others may live on.
 */
export function groupsInScopes(
  { manager }: CgroupSupport,
  id: string,
  slice: string = DEFAULT_SLICE,
): readonly string[] {
  if (manager === undefined) return [];
  const directory = join(manager.group, ...pathOfSlice(slice));
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => name.startsWith(`wherry-${shortId(id)}-`) && name.endsWith('.scope'))
    .map((name) => join(directory, name, `wherry-${id}`));
}

/** `a-b.slice` lies in `a.slice` (systemd.slice(5)). */
function pathOfSlice(slice: string): readonly string[] {
  const words = slice.slice(0, -'.slice'.length).split('-');
  return words.map((_, index) => `${words.slice(0, index + 1).join('-')}.slice`);
}

/** Whether a container's own cgroup lies in a scope of its monitor's. */
export function isInScope(group: string): boolean {
  return dirname(group).endsWith('.scope');
}
