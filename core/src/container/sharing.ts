import { refusedFlags } from '../errors/argument.ts';
import { invalidOption } from './option-error.ts';

/** Flags on namespaces, as they were typed. */
export interface SharingRequest {
  readonly pid?: string | undefined;
  readonly ipc?: string | undefined;
  readonly uts?: string | undefined;
  readonly cgroupns?: string | undefined;
}

/** A namespace of the container's own, the host's, or another container's, which is named, or has its full id. */
export type NamespaceMode =
  | { readonly kind: 'private' }
  | { readonly kind: 'host' }
  | { readonly kind: 'container'; readonly container: string };

/** `shareable`: others may join it. `none`: private, and without /dev/shm. */
export type IpcMode = NamespaceMode | { readonly kind: 'shareable' } | { readonly kind: 'none' };

/** What a container shares of the namespaces that aren't the network's, the mounts' or the ids'. */
export interface Sharing {
  readonly pid: NamespaceMode;
  readonly ipc: IpcMode;
  readonly cgroup: 'private' | 'host';
}

export const NOTHING_SHARED: Sharing = {
  pid: { kind: 'private' },
  ipc: { kind: 'private' },
  cgroup: 'private',
};

/** @throws WherryError `E_OPTION` in Docker's words */
export function parseSharing(request: SharingRequest): Sharing {
  return {
    pid: parseMode('--pid', 'PID', request.pid ?? ''),
    ipc: parseIpc(request.ipc ?? ''),
    cgroup: parseCgroup(request.cgroupns ?? ''),
  };
}

/** @throws WherryError `E_OPTION` */
export function parseUts(text: string | undefined): 'private' | 'host' {
  if (text === undefined || text === '' || text === 'private') return 'private';
  if (text === 'host') return 'host';
  throw refusedFlags('--uts: invalid UTS mode', `It is host or private, not ${JSON.stringify(text)}.`);
}

/** As `inspect` shows it: the empty text stands for a private PID namespace. */
export function modeText(mode: IpcMode): string {
  return mode.kind === 'container' ? `container:${mode.container}` : mode.kind;
}

function parseMode(flag: string, name: string, text: string): NamespaceMode {
  if (text === '' || text === 'private') return { kind: 'private' };
  if (text === 'host') return { kind: 'host' };
  if (text.startsWith('container:') && text.length > 'container:'.length)
    return { kind: 'container', container: text.slice('container:'.length) };
  throw refusedFlags(
    `${flag}: invalid ${name} mode`,
    `It is host, private or container:NAME, not ${JSON.stringify(text)}.`,
  );
}

function parseIpc(text: string): IpcMode {
  if (text === 'none' || text === 'shareable') return { kind: text };
  try {
    return parseMode('--ipc', 'IPC', text);
  } catch {
    throw invalidOption(
      `invalid IPC mode: ${text}`,
      'It is private, shareable, none, host or container:NAME.',
    );
  }
}

function parseCgroup(text: string): 'private' | 'host' {
  if (text === '' || text === 'private') return 'private';
  if (text === 'host') return 'host';
  throw refusedFlags(
    '--cgroupns: invalid CGROUP mode',
    `It is host or private, not ${JSON.stringify(text)}.`,
  );
}

/** Whether anything of a sharing has to be kept in a record. */
export function isShared({ pid, ipc, cgroup }: Sharing): boolean {
  return pid.kind !== 'private' || ipc.kind !== 'private' || cgroup !== 'private';
}
