import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT, WherryError } from '../errors/error.ts';
import type { CgroupSupport } from '../platform/cgroup.ts';
import { readPlatform } from '../platform/platform.ts';
import type { Limits } from './options.ts';

/** Where the unified hierarchy is mounted, looked up once: `ps` asks for each container. */
let mounted: { readonly at: string | undefined } | undefined;

/** Absolute path of the cgroup v2 that a process is in; undefined without a unified hierarchy, or without the process. */
export function processCgroup(pid: number): string | undefined {
  mounted ??= { at: readPlatform().cgroup.mount };
  const mount = mounted.at;
  if (mount === undefined) return undefined;
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/cgroup`, 'utf8');
  } catch {
    return undefined;
  }
  const path = /^0::(\/.*)$/m.exec(text)?.[1];
  return path === undefined ? undefined : `${mount}${path === '/' ? '' : path}`;
}

/** The cgroup that a process has as its container's own. */
export function ownCgroup(id: string, init: number): string | undefined {
  const group = processCgroup(init);
  return group?.endsWith(`/wherry-${id}`) ? group : undefined;
}

/** Where a container's own cgroup is made, when one can be. */
export function cgroupOf({ delegated }: CgroupSupport, id: string): string | undefined {
  return delegated === undefined ? undefined : join(delegated, `wherry-${id}`);
}

/** A file of a cgroup and what is written to it, with the controller that it is of. */
export interface CgroupSetting {
  readonly controller: string;
  readonly file: string;
  readonly value: string;
  /** The flag that asks for it. */
  readonly flag: string;
}

/** Limits in the files of cgroup v2 (cgroups(7), Documentation/admin-guide/cgroup-v2.rst). */
export function limitSettings(limits: Limits): readonly CgroupSetting[] {
  const { memory, memorySwap, memoryReservation, cpuPeriod, cpuQuota, cpuShares } = limits;
  const found: CgroupSetting[] = [];
  const add = (controller: string, file: string, value: string, flag: string): void => {
    found.push({ controller, file: `${controller}.${file}`, value, flag });
  };
  const orMax = (value: number): string => (value < 0 ? 'max' : String(value));
  if (memory !== undefined) add('memory', 'max', orMax(memory), '--memory');
  // As Docker: as much swap as memory, unless said otherwise; the kernel counts swap alone.
  if (memory !== undefined && memory > 0)
    add('memory', 'swap.max', swap(memory, memorySwap), '--memory-swap');
  if (memoryReservation !== undefined) add('memory', 'low', orMax(memoryReservation), '--memory-reservation');
  if (cpuQuota !== undefined || cpuPeriod !== undefined)
    add(
      'cpu',
      'max',
      `${orMax(cpuQuota ?? -1)} ${cpuPeriod ?? 100_000}`,
      limits.nanoCpus === undefined ? '--cpu-quota' : '--cpus',
    );
  // systemd's and runc's way from 2..262144 to 1..10000.
  if (cpuShares !== undefined)
    add(
      'cpu',
      'weight',
      String(1 + Math.trunc(((Math.min(Math.max(cpuShares, 2), 262_144) - 2) * 9999) / 262_142)),
      '--cpu-shares',
    );
  if (limits.cpusetCpus !== undefined) add('cpuset', 'cpus', limits.cpusetCpus, '--cpuset-cpus');
  if (limits.cpusetMems !== undefined) add('cpuset', 'mems', limits.cpusetMems, '--cpuset-mems');
  if (limits.pids !== undefined) add('pids', 'max', orMax(limits.pids), '--pids-limit');
  return found;
}

function swap(memory: number, both: number | undefined): string {
  if (both === -1) return 'max';
  return String(both === undefined ? memory : both - memory);
}

/** A warning for each controller that limits need and the user hasn't got. */
export function limitWarnings(
  limits: Limits,
  { version, controllers, delegated }: CgroupSupport,
): readonly string[] {
  const missing = new Map<string, string[]>();
  for (const { controller, flag } of limitSettings(limits)) {
    if (delegated !== undefined && controllers.includes(controller)) continue;
    missing.set(controller, [...new Set([...(missing.get(controller) ?? []), flag])]);
  }
  const why =
    version === 1
      ? 'this machine has it in cgroup v1, where users can be given no part'
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
export function makeCgroup(support: CgroupSupport, id: string, limits: Limits): string | undefined {
  const path = cgroupOf(support, id);
  if (path === undefined || support.delegated === undefined) return undefined;
  const settings = limitSettings(limits).filter(({ controller }) => support.controllers.includes(controller));
  try {
    mkdirSync(path, { recursive: true });
  } catch {
    // Without limits, the container can do without a group of its own; it can't be paused then, which `pause` says.
    if (settings.length === 0) return undefined;
  }
  for (const setting of settings) {
    try {
      writeFileSync(join(support.delegated, 'cgroup.subtree_control'), `+${setting.controller}`);
      writeFileSync(join(path, setting.file), setting.value);
    } catch (cause) {
      throw refused(setting, support.delegated, cause);
    }
  }
  return path;
}

function refused({ flag, controller }: CgroupSetting, delegated: string, cause: unknown): WherryError {
  return new WherryError(`${flag} can't be set: ${(cause as Error).message}.`, {
    code: 'E_CGROUP',
    hint: `Children of ${delegated} are given the controller ${controller} only while no process is in it itself: start from a group below, as systemd-run --user --scope makes one.`,
    exitCode: EXIT.engine,
    cause,
  });
}

/** Removes what a killed monitor left of a container's cgroup, with the processes in it. */
export function removeCgroup(support: CgroupSupport, id: string): void {
  const path = cgroupOf(support, id);
  if (path === undefined || !existsSync(path)) return;
  killGroup(path);
  removeGroups(path);
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
  try {
    rmdirSync(path);
  } catch (error) {
    if (!['EBUSY', 'ENOENT', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? ''))
      throw error;
  }
}
