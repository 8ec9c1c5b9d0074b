import { WherryError } from '../errors/error.ts';
import type { ContainerContext } from './context.ts';
import { findContainer, notFound } from './find.ts';
import { shortId } from './id.ts';
import type { ContainerOptions } from './options.ts';
import { findRunning } from './running.ts';
import { type IpcMode, NOTHING_SHARED } from './sharing.ts';

/** A namespace of a launch program: a new one, the host's, or that of a process. */
export type LaunchNamespace = 'new' | 'host' | { readonly pid: number };

/** Where a container's namespaces come from at a start. */
export interface LaunchSharing {
  readonly pid: LaunchNamespace;
  readonly ipc: LaunchNamespace;
  readonly cgroup: 'new' | 'host';
  /** Whether it has a /dev/shm at all. */
  readonly shm: boolean;
}

export const ALL_NEW: LaunchSharing = { pid: 'new', ipc: 'new', cgroup: 'new', shm: true };

/**
 * Gives the containers that namespaces are shared with by their full ids.
 * @throws WherryError `E_CONTAINER_NOT_FOUND`, `E_IPC_PRIVATE`
 */
export function resolveSharing(context: ContainerContext, options: ContainerOptions): ContainerOptions {
  const { sharing } = options;
  if (sharing === undefined) return options;
  const named = <Mode extends IpcMode>(mode: Mode): Mode =>
    mode.kind === 'container' ? { ...mode, container: findContainer(context.table, mode.container) } : mode;
  const resolved = { ...sharing, pid: named(sharing.pid), ipc: named(sharing.ipc) };
  if (resolved.ipc.kind === 'container') requireShareable(context, resolved.ipc.container);
  return { ...options, sharing: resolved };
}

/** @throws WherryError `E_CONTAINER_NOT_RUNNING`, `E_CONTAINER_NOT_FOUND`, `E_IPC_PRIVATE` */
export function launchSharing(context: ContainerContext, { sharing }: ContainerOptions): LaunchSharing {
  const { pid, ipc, cgroup } = sharing ?? NOTHING_SHARED;
  if (ipc.kind === 'container') requireShareable(context, ipc.container);
  return {
    pid: place(context, 'PID', pid),
    ipc: place(context, 'IPC', ipc),
    cgroup: cgroup === 'host' ? 'host' : 'new',
    shm: ipc.kind !== 'none',
  };
}

function place(context: ContainerContext, name: string, mode: IpcMode): LaunchNamespace {
  if (mode.kind === 'host') return 'host';
  if (mode.kind !== 'container') return 'new';
  const row = context.table.get(mode.container);
  if (row === undefined) throw notFound(shortId(mode.container));
  const init = findRunning(context, row.id)?.init;
  if (init !== undefined) return { pid: init.pid };
  throw new WherryError(`cannot join ${name} namespace of a non running container: ${row.id}`, {
    code: 'E_CONTAINER_NOT_RUNNING',
    hint: `wherry start ${row.name}   starts it.`,
  });
}

function requireShareable({ table }: ContainerContext, id: string): void {
  const spec = table.spec(id);
  if (spec === undefined) throw notFound(shortId(id));
  const { kind } = (spec.options?.sharing ?? NOTHING_SHARED).ipc;
  if (kind === 'shareable' || kind === 'host') return;
  throw new WherryError(
    `cannot join IPC namespace of container ${shortId(id)}: it is ${kind === 'container' ? "another container's" : kind}`,
    {
      code: 'E_IPC_PRIVATE',
      hint: 'Start that container with --ipc shareable.',
    },
  );
}
