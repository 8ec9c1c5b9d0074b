import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT, WherryError } from '../errors/error.ts';
import { memberships, ownCgroup, unifiedGroup } from './cgroup.ts';
import type { ContainerContext } from './context.ts';
import { type Facts, isRestarting } from './facts.ts';
import { containerGroup, ownLegacyGroup } from './legacy-cgroup.ts';
import { requireRunning } from './running.ts';

/** Whether the process is frozen (cgroups(7), cgroup.freeze). */
export function isPaused(pid: number): boolean {
  const membership = memberships(pid);
  const group = unifiedGroup(membership);
  if (group !== undefined && readState(group)) return true;
  const freezer = containerGroup(membership, 'freezer');
  return freezer !== undefined && readFreezer(freezer);
}

/** Whether a container that runs is paused; one that waits for its next start has no process that could be. */
export function isPausedNow(facts: Facts): boolean {
  return !isRestarting(facts) && facts.started !== undefined && isPaused(facts.started.initPid);
}

function readState(group: string): boolean {
  try {
    return readFileSync(join(group, 'cgroup.freeze'), 'latin1').trim() === '1';
  } catch {
    // The root of the hierarchy can't be frozen, and has no such file.
    return false;
  }
}

/** freezer-subsystem.rst; FREEZING is on its way. */
const FREEZER_STATE = 'freezer.state';

function readFreezer(group: string): boolean {
  try {
    return readFileSync(join(group, FREEZER_STATE), 'latin1').trim() !== 'THAWED';
  } catch {
    return false;
  }
}

/**
 * Freezes a container, or lets it go on.
 * @throws WherryError `E_CONTAINER_NOT_RUNNING`, `E_CONTAINER_PAUSED`, `E_CONTAINER_NOT_PAUSED`, `E_NO_CGROUP`
 */
export function setPaused(context: ContainerContext, id: string, paused: boolean): void {
  const { init } = requireRunning(context, id);
  // Its own alone: what else is in a group that it shares would stand still as well.
  const group = ownCgroup(id, init.pid);
  const freezer = group === undefined ? ownLegacyGroup(id, init.pid, 'freezer') : undefined;
  if (group === undefined && freezer === undefined) throw noCgroup(context, paused);
  if (isPaused(init.pid) === paused) {
    throw new WherryError(`Container ${id} is ${paused ? 'already' : 'not'} paused`, {
      code: paused ? 'E_CONTAINER_PAUSED' : 'E_CONTAINER_NOT_PAUSED',
      hint: 'wherry ps   shows which containers are paused.',
      exitCode: EXIT.failure,
    });
  }
  if (group !== undefined) writeFileSync(join(group, 'cgroup.freeze'), paused ? '1' : '0');
  else if (freezer !== undefined) writeFileSync(join(freezer, FREEZER_STATE), paused ? 'FROZEN' : 'THAWED');
}

function noCgroup({ machine }: ContainerContext, paused: boolean): WherryError {
  return new WherryError(
    `The container has no cgroup of its own, so it can't be ${paused ? 'paused' : 'resumed'}.`,
    {
      code: 'E_NO_CGROUP',
      hint:
        machine.platform.cgroup.manager === undefined
          ? 'An administrator can hand the user a cgroup v2: a directory below /sys/fs/cgroup that belongs to the user, or systemd’s user manager; start the container again then.'
          : 'Start it with a limit, such as --pids-limit 10000: systemd gives it one then.',
      exitCode: EXIT.failure,
    },
  );
}
