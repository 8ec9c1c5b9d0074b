import { checkLogFiles } from '../plan/check.ts';
import { NO_GRANTS } from '../plan/grants.ts';
import { resolveLocation } from '../plan/resolve.ts';
import type { FileReading, Location, OpenRequest, Operation, Step } from '../plugin/contract.ts';
import type { LogDriver } from '../plugin/drivers.ts';
import type { ContainerContext } from './context.ts';
import type { ContainerSpec } from './record.ts';
import type { KeptRemoval } from './removal.ts';
import { ROOTFS_DRIVER } from './rootfs-directory.ts';
import { rootsOf } from './roots.ts';

/**
 * What a container's drivers answered at its last start, or when it was created, for commands that look at what is there since: to load the drivers
 * and gather what they want to know of the machine takes `inspect` and `logs` a quarter of their time.
 */
export interface KeptAnswers {
  /** How its root is mounted, where one mount does it. */
  readonly root?: RootOperation;
  /** Of its files, when it is removed. */
  readonly removal?: KeptRemoval;
  /** Missing where the host can't read the log by itself, or would need a permission to. */
  readonly log?: FileReading;
}

type RootOperation = Extract<Operation, { readonly tag: 'overlay-mount' | 'bind-mount' }>;

/** What is kept of the steps of a start. */
export function keptMount(steps: readonly Step[]): RootOperation | undefined {
  const [only, another] = steps;
  if (only === undefined || another !== undefined) return undefined;
  return only.do.tag === 'overlay-mount' || only.do.tag === 'bind-mount' ? only.do : undefined;
}

/** How a log is read, for those logs whose driver needn't be asked again. */
export function keptReading(
  log: Pick<LogDriver, 'info' | 'read'>,
  request: OpenRequest,
): FileReading | undefined {
  try {
    const { value } = log.read(request);
    if (value.tag !== 'files') return undefined;
    checkLogFiles({ kind: 'log', driver: log.info.name, request: 'read' }, value.val.files, NO_GRANTS);
    return value.val;
  } catch {
    // Whoever wants to read it will hear why it can't be.
    return undefined;
  }
}

/** Where the log of a container lies, as its driver has said at its start: absolute paths, oldest first. */
export function keptLog(
  context: ContainerContext,
  id: string,
  { logDriver }: Pick<ContainerSpec, 'logDriver'>,
): { readonly paths: readonly string[]; readonly framing: FileReading['framing'] } | undefined {
  const reading = context.table.kept(id)?.log;
  if (reading === undefined) return undefined;
  const asker = { kind: 'log', driver: logDriver, request: 'read' } as const;
  const roots = rootsOf(context, asker, id);
  const files = checkLogFiles(asker, reading.files, NO_GRANTS);
  return { paths: files.map((location) => resolveLocation(location, roots)), framing: reading.framing };
}

/** Where a container's root is, on the host. */
export type RootMount =
  | {
      readonly kind: 'overlay';
      readonly upper: string;
      /** Topmost first. */
      readonly lower: readonly string[];
      readonly work: string;
      readonly mountpoint: string;
    }
  | { readonly kind: 'directory'; readonly path: string };

/** How a container's root was mounted at its last start; undefined before the first, and for what isn't one mount. */
export function keptRoot(
  context: ContainerContext,
  id: string,
  { storageDriver, rootfs }: Pick<ContainerSpec, 'storageDriver' | 'rootfs'>,
): RootMount | undefined {
  const mount = context.table.kept(id)?.root;
  if (mount === undefined) return undefined;
  const driver = rootfs === undefined ? storageDriver : ROOTFS_DRIVER;
  const roots = rootsOf(context, { kind: 'storage', driver }, id);
  const path = (location: Location): string => resolveLocation(location, roots);
  if (mount.tag === 'bind-mount') return { kind: 'directory', path: path(mount.val.source) };
  const { lower, upper, work, target } = mount.val;
  if (upper === undefined || work === undefined) return undefined;
  return {
    kind: 'overlay',
    upper: path(upper),
    lower: lower.map(path),
    work: path(work),
    mountpoint: path(target),
  };
}
