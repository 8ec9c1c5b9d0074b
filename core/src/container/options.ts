import { misread, refusedFlags } from '../errors/argument.ts';
import { EXIT, WherryError } from '../errors/error.ts';
import { type DeviceMapping, parseDevice } from './device-flag.ts';
import type { HealthCheck, HealthRequest } from './health.ts';
import { type LimitRequest, type Limits, parseLimits } from './limits.ts';
import { invalidOption } from './option-error.ts';
import { given, pair, readSize } from './option-text.ts';
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
    throw refusedFlags(
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
    throw refusedFlags(
      'the --group-add keep-groups option is not allowed with any other --group-add options',
      'Leave the others out: all groups of yours are kept.',
    );
  return {
    groupAdd,
    ...(domainname === undefined || domainname === '' ? {} : { domainname }),
    restart,
    shmSize: request.shmSize === undefined ? SHM_SIZE : readSize('--shm-size', request.shmSize) || SHM_SIZE,
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

/** Whether all can be read, before it is known what they go with. @throws WherryError `E_OPTION` for a value that can't */
export function checkOptions(request: OptionRequest): void {
  try {
    parseOptions(request);
  } catch (error) {
    if (error instanceof WherryError && error.exitCode === EXIT.engine) throw error;
  }
}

/** `no`, `always`, `unless-stopped`, `on-failure[:retries]`. @throws WherryError `E_OPTION` in Docker's words */
export function parseRestart(text: string): RestartPolicy {
  const hint = 'It is no, always, unless-stopped, or on-failure[:RETRIES].';
  const [name = '', ...rest] = text.split(':');
  const retries = rest.length === 0 ? '0' : rest.join(':');
  if (name === '' && rest.length > 0)
    throw refusedFlags('invalid restart policy format: no policy provided before colon', hint);
  if (!/^[+-]?\d+$/.test(retries))
    throw refusedFlags('invalid restart policy format: maximum retry count must be an integer', hint);
  const maxRetries = Number(retries);
  const wrong = (why: string) => invalidOption(`invalid restart policy: ${why}`, hint);
  if (name === 'on-failure') {
    if (maxRetries >= 0) return { name, maxRetries };
    throw wrong('maximum retry count cannot be negative');
  }
  if (name !== '' && name !== 'no' && name !== 'always' && name !== 'unless-stopped')
    throw wrong(`unknown policy '${name}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`);
  const negative = maxRetries < 0 ? ' and cannot be negative' : '';
  if (maxRetries !== 0) throw wrong(`maximum retry count can only be used with 'on-failure'${negative}`);
  return { name: name || 'no', maxRetries: 0 };
}

/** As Docker takes them: one without a value is empty. */
function annotation(text: string): readonly [string, string] {
  if (!text.includes('=')) return [text, ''];
  const both = pair(text);
  if (both !== undefined) return both;
  throw invalidOption(`invalid annotation '${text}': empty name`, 'Write it as NAME=VALUE.');
}

/** Of several for one resource, the last one; by name, as Docker keeps them. */
function parseUlimits(texts: readonly string[]): readonly Ulimit[] {
  const byName = new Map(texts.map(parseUlimit).map((limit) => [limit.name, limit]));
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** `NAME=SOFT[:HARD]`, -1 for no limit. @throws WherryError `E_OPTION` in Docker's words */
export function parseUlimit(text: string): Ulimit {
  const hint = `NAME=SOFT[:HARD], the name one of ${Object.keys(RESOURCES).join(', ')}.`;
  const wrong = (reason: string) => misread({ flag: '--ulimit', value: text, reason, hint });
  const [name, value] = pair(text) ?? ['', ''];
  if (name === '') throw wrong(`invalid ulimit argument: ${text}`);
  const resource = Object.hasOwn(RESOURCES, name) ? RESOURCES[name] : undefined;
  if (resource === undefined) throw wrong(`invalid ulimit type: ${name}`);
  const limits = value.split(':');
  if (limits.length > 2)
    throw wrong(`too many limit value arguments - ${value}, can only have up to two, \`soft[:hard]\``);
  const odd = limits.find((each) => !/^[+-]?\d+$/.test(each));
  if (odd !== undefined) throw wrong(`strconv.ParseInt: parsing ${JSON.stringify(odd)}: invalid syntax`);
  const [softNumber = 0, hardNumber = softNumber] = limits.map(Number);
  const limit = (number: number): number | undefined => (number < 0 ? undefined : number);
  const [soft, hard] = [limit(softNumber), limit(hardNumber)];
  const order = 'ulimit soft limit must be less than or equal to hard limit:';
  if (hard !== undefined && soft === undefined)
    throw wrong(`${order} soft: ${softNumber} (unlimited), hard: ${hardNumber}`);
  if (hard !== undefined && soft !== undefined && soft > hard) throw wrong(`${order} ${soft} > ${hard}`);
  return { name, resource, soft, hard };
}

/** Those of a container's own namespaces; others are the host's. */
function parseSysctl(text: string): readonly [string, string] {
  const [name, value] = pair(text) ?? ['', ''];
  const key = name.replaceAll('/', '.');
  const own =
    /^(net\.|fs\.mqueue\.)/.test(key) ||
    /^kernel\.(msgmax|msgmnb|msgmni|sem|shmall|shmmax|shmmni|shm_rmid_forced)$/.test(key);
  if (own) return [key, value];
  throw misread({
    flag: '--sysctl',
    value: text,
    reason: `sysctl '${text}' is not allowed`,
    hint: "net.*, fs.mqueue.*, kernel.msg*, kernel.sem and kernel.shm* can be set, as NAME=VALUE; others are the whole machine's.",
  });
}
