import { type DeviceMapping, parseDevice } from './device-flag.ts';
import type { HealthCheck, HealthRequest } from './health.ts';
import { type LimitRequest, type Limits, parseLimits } from './limits.ts';

import { invalidOption } from './option-error.ts';
import { given, pair, positiveSize } from './option-text.ts';
import { isShared, parseSharing, parseUts, type Sharing, type SharingRequest } from './sharing.ts';

/** Flags of `run` and `create` as they were typed, for what has no request of its own. */
export interface OptionRequest extends LimitRequest, SharingRequest {
  readonly groupAdd?: readonly string[];
  readonly domainname?: string | undefined;
  readonly restart?: string | undefined;
  readonly shmSize?: string | undefined;
  readonly ulimits?: readonly string[];
  readonly sysctls?: readonly string[];
  readonly annotations?: readonly string[];
  readonly oomScoreAdj?: number | undefined;
  readonly health?: HealthRequest | undefined;
  readonly cgroupParent?: string | undefined;
  readonly devices?: readonly string[];
  /** Absolute. */
  readonly pidfile?: string | undefined;
}

export type RestartPolicyName = 'no' | 'on-failure' | 'always' | 'unless-stopped';

export interface RestartPolicy {
  readonly name: RestartPolicyName;
  /** For `on-failure`; 0 is no limit. */
  readonly maxRetries: number;
}

/** A limit of setrlimit(2); undefined is none. */
export interface Ulimit {
  readonly name: string;
  readonly resource: number;
  readonly soft: number | undefined;
  readonly hard: number | undefined;
}

/** What a container's record says of them. */
export interface ContainerOptions {
  readonly groupAdd: readonly string[];
  readonly domainname?: string;
  readonly restart: RestartPolicy;
  /** Bytes. */
  readonly shmSize: number;
  readonly ulimits: readonly Ulimit[];
  readonly sysctls: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly oomScoreAdj?: number;
  readonly uts: 'private' | 'host';
  readonly limits: Limits;
  readonly health?: HealthCheck;
  /** Absent where nothing is shared. */
  readonly sharing?: Sharing;
  /** A cgroup v2 below which the container's is made, as given. */
  readonly cgroupParent?: string;
  readonly devices?: readonly DeviceMapping[];
  readonly pidfile?: string;
  /** Kept for `inspect`: without effect. */
  readonly memorySwappiness?: number;
  readonly oomKillDisable?: boolean;
}

/** /dev/shm of a container, in bytes; Docker's default. */
export const SHM_SIZE = 64 * 1024 * 1024;

export const NO_OPTIONS: ContainerOptions = {
  groupAdd: [],
  restart: { name: 'no', maxRetries: 0 },
  shmSize: SHM_SIZE,
  ulimits: [],
  sysctls: {},
  annotations: {},
  uts: 'private',
  limits: {},
};

/** `--group-add keep-groups`: the command has the groups of whoever calls. */
const KEEP_GROUPS = 'keep-groups';

export function keepsGroups(options: Pick<ContainerOptions, 'groupAdd'> | undefined): boolean {
  return options?.groupAdd.includes(KEEP_GROUPS) === true;
}

/** Groups by name or number that a command is to have beside its user's. */
export function addedGroups(options: Pick<ContainerOptions, 'groupAdd'> | undefined): readonly string[] {
  return (options?.groupAdd ?? []).filter((group) => group !== KEEP_GROUPS);
}

/** Resources by the names of `--ulimit`; numbers of asm-generic/resource.h. */
const RESOURCES: Readonly<Record<string, number>> = {
  cpu: 0,
  fsize: 1,
  data: 2,
  stack: 3,
  core: 4,
  rss: 5,
  nproc: 6,
  nofile: 7,
  memlock: 8,
  as: 9,
  locks: 10,
  sigpending: 11,
  msgqueue: 12,
  nice: 13,
  rtprio: 14,
  rttime: 15,
};

/** @throws WherryError `E_OPTION` for a value that can't be read or doesn't go with another */
export function parseOptions(request: OptionRequest, autoRemove = false): ContainerOptions {
  const restart = parseRestart(request.restart ?? 'no');
  if (autoRemove && restart.name !== 'no')
    throw invalidOption(
      'conflicting options: cannot specify both --restart and --rm',
      'Leave one of them out.',
    );
  const { domainname, oomScoreAdj } = request;
  const sharing = parseSharing(request);
  if (oomScoreAdj !== undefined && Math.abs(oomScoreAdj) > 1000)
    throw invalidOption(
      `Invalid value ${oomScoreAdj}, range for oom score adj is [-1000, 1000].`,
      'See proc_pid_oom_score_adj(5).',
    );
  const groupAdd = request.groupAdd ?? [];
  if (groupAdd.includes(KEEP_GROUPS) && groupAdd.length > 1)
    throw invalidOption(
      'the --group-add keep-groups option is not allowed with any other --group-add options',
      'Leave the others out: all groups of yours are kept.',
    );
  return {
    groupAdd,
    ...(domainname === undefined || domainname === '' ? {} : { domainname }),
    restart,
    shmSize: request.shmSize === undefined ? SHM_SIZE : positiveSize('--shm-size', request.shmSize),
    ulimits: parseUlimits(request.ulimits ?? []),
    sysctls: Object.fromEntries((request.sysctls ?? []).map(parseSysctl)),
    annotations: Object.fromEntries((request.annotations ?? []).map(annotation)),
    ...(oomScoreAdj === undefined ? {} : { oomScoreAdj }),
    uts: parseUts(request.uts),
    limits: parseLimits(request),
    ...given('sharing', isShared(sharing) ? sharing : undefined),
    ...given('cgroupParent', request.cgroupParent || undefined),
    ...given('devices', request.devices?.length ? request.devices.map(parseDevice) : undefined),
    ...given('pidfile', request.pidfile || undefined),
    ...given('memorySwappiness', request.memorySwappiness),
    ...given('oomKillDisable', request.oomKillDisable),
  };
}

/** `no`, `always`, `unless-stopped`, `on-failure[:retries]`. @throws WherryError `E_OPTION` */
export function parseRestart(text: string): RestartPolicy {
  const [name = '', retries] = text.split(':');
  if (name === 'on-failure' && (retries === undefined || /^\d+$/.test(retries)))
    return { name, maxRetries: Number(retries ?? 0) };
  if ((name === 'no' || name === 'always' || name === 'unless-stopped') && retries === undefined)
    return { name, maxRetries: 0 };
  if (name === '' && retries === undefined) return { name: 'no', maxRetries: 0 };
  throw invalidOption(
    `invalid restart policy: ${text}`,
    'It is no, always, unless-stopped, or on-failure[:RETRIES].',
  );
}

/** As Docker takes them: one without a value is empty. */
function annotation(text: string): readonly [string, string] {
  return text.includes('=') ? pair('--annotation', text) : [text, ''];
}

/** Of several for one resource, the last one; by name, as Docker keeps them. */
function parseUlimits(texts: readonly string[]): readonly Ulimit[] {
  const byName = new Map(texts.map(parseUlimit).map((limit) => [limit.name, limit]));
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** `NAME=SOFT[:HARD]`, -1 for no limit. @throws WherryError `E_OPTION` */
export function parseUlimit(text: string): Ulimit {
  const [name, value] = pair('--ulimit', text);
  const resource = Object.hasOwn(RESOURCES, name) ? RESOURCES[name] : undefined;
  const match = /^(-1|\d+)(?::(-1|\d+))?$/.exec(value);
  const hint = `NAME=SOFT[:HARD], the name one of ${Object.keys(RESOURCES).join(', ')}.`;
  if (resource === undefined || match === null) throw invalidOption(`invalid ulimit argument: ${text}`, hint);
  const limit = (digits: string): number | undefined => (digits === '-1' ? undefined : Number(digits));
  const soft = limit(match[1] ?? '');
  const hard = match[2] === undefined ? soft : limit(match[2]);
  if (hard !== undefined && (soft === undefined || soft > hard))
    throw invalidOption(`ulimit soft limit must be less than or equal to hard limit: ${text}`, hint);
  return { name, resource, soft, hard };
}

/** Those of a container's own namespaces; others are the host's. */
function parseSysctl(text: string): readonly [string, string] {
  const [name, value] = pair('--sysctl', text);
  const key = name.replaceAll('/', '.');
  const own =
    /^(net\.|fs\.mqueue\.)/.test(key) ||
    /^kernel\.(msgmax|msgmnb|msgmni|sem|shmall|shmmax|shmmni|shm_rmid_forced)$/.test(key);
  if (own) return [key, value];
  throw invalidOption(
    `sysctl '${text}' is not allowed: it is no setting of a namespace, but the whole machine's`,
    'net.*, fs.mqueue.*, kernel.msg*, kernel.sem and kernel.shm* can be set.',
  );
}
