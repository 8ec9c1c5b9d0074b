/** What can be done to containers that are there, beside starting and stopping them: requests and answers. */

import type { Attachments, Handover } from '../api.ts';
import type { OptionRequest } from './options.ts';

/** `docker exec`. */
export interface ExecRequest {
  readonly command: readonly string[];
  readonly detach: boolean;
  readonly interactive: boolean;
  readonly tty: boolean;
  readonly privileged: boolean;
  readonly env: readonly string[];
  readonly user?: string | undefined;
  readonly workdir?: string | undefined;
  readonly detachKeys?: string | undefined;
}

export interface AttachRequest {
  readonly stdin: boolean;
  /** Whether signals are passed on; without a terminal by default. */
  readonly sigProxy: boolean;
  readonly detachKeys?: string | undefined;
}

/** A path that a container's root file system differs in from its image: added, changed, deleted. */
export interface PathChange {
  readonly kind: 'A' | 'C' | 'D';
  readonly path: string;
}

export interface CopyRequest {
  /** Absolute path of the container, `/.` at the end for what is in a directory. */
  readonly containerPath: string;
  /** Absolute path of the host, likewise. */
  readonly hostPath: string;
  readonly followLink: boolean;
  /** Owners are kept, as far as the receiving side can have them. */
  readonly archive: boolean;
}

/** What a container has used up since it was started. */
export interface StatsSample {
  readonly id: string;
  readonly name: string;
  /** Milliseconds of a clock that never goes back. */
  readonly time: number;
  /** Microseconds of processors. */
  readonly cpu: number;
  /** Bytes. */
  readonly memory: number;
  /** Bytes; the machine's where there is no limit. */
  readonly memoryLimit: number;
  readonly pids: number;
  /** Bytes received and sent, read and written. */
  readonly network: readonly [number, number];
  readonly block: readonly [number, number];
  /** Whose account it is: a container without a cgroup of its own has its processes' added up. */
  readonly from: 'cgroup' | 'processes';
}

export interface ContainerOperations {
  /** For a command with a client. @throws WherryError `E_CONTAINER_NOT_RUNNING` */
  prepareExec(nameOrId: string, request: ExecRequest): Promise<Handover>;
  /** Answers once the command has been executed, or throws why it could not be. */
  exec(nameOrId: string, request: ExecRequest): Promise<void>;
  /** @throws WherryError `E_CONTAINER_NOT_RUNNING` */
  prepareAttach(nameOrId: string, request: AttachRequest): Promise<Handover>;
  /** Stops it, when it runs, and starts it. */
  restart(nameOrId: string, options: { readonly timeout?: number; readonly signal?: string }): Promise<void>;
  /** @throws WherryError `E_CONTAINER_NAME`, `E_CONTAINER_NAME_TAKEN` */
  rename(nameOrId: string, name: string): Promise<void>;
  /** As `docker inspect` shows it. `size` adds `SizeRw` and `SizeRootFs`, in bytes. */
  inspect(
    nameOrId: string,
    options?: { readonly size?: boolean },
  ): Promise<Readonly<Record<string, unknown>>>;
  /** Its networks and mounts. */
  attachments(nameOrId: string): Attachments;
  /** Changes limits and restart policy; answers with warnings. @throws WherryError `E_OPTION` */
  update(nameOrId: string, request: OptionRequest): Promise<readonly string[]>;
  pause(nameOrId: string): Promise<void>;
  unpause(nameOrId: string): Promise<void>;
  changes(nameOrId: string): Promise<readonly PathChange[]>;
  /** @throws WherryError `E_PATH_NOT_FOUND`, `E_COPY_TARGET` */
  copyFrom(nameOrId: string, request: CopyRequest): Promise<void>;
  copyTo(nameOrId: string, request: CopyRequest): Promise<void>;
  /** A file or tree as a tar archive, whose members begin with its name. */
  readArchive(
    nameOrId: string,
    request: Pick<CopyRequest, 'containerPath' | 'followLink'>,
  ): AsyncIterable<Uint8Array>;
  /** Writes the members of a tar archive, which may be compressed, below a directory. */
  writeArchive(nameOrId: string, directory: string, archive: AsyncIterable<Uint8Array>): Promise<void>;
  /** Zeros for one that doesn't run; undefined for one that has gone. */
  stats(id: string): Promise<StatsSample | undefined>;
  /** Table of its processes, as ps(1) prints it: the titles, and a row of words for each. */
  top(nameOrId: string, options: readonly string[]): Promise<readonly (readonly string[])[]>;
}
