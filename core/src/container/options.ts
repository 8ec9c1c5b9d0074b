import { parseBytes } from '../volume/size.ts';
import type { HealthCheck, HealthRequest } from './health.ts';
import { invalidOption } from './option-error.ts';

/** Flags of `run` and `create` as they were typed, for what has no request of its own. */
export interface OptionRequest {
  readonly groupAdd?: readonly string[];
  readonly domainname?: string | undefined;
  readonly restart?: string | undefined;
  readonly shmSize?: string | undefined;
  readonly ulimits?: readonly string[];
  readonly sysctls?: readonly string[];
  readonly annotations?: readonly string[];
  readonly oomScoreAdj?: number | undefined;
  readonly uts?: string | undefined;
  readonly memory?: string | undefined;
  readonly memorySwap?: string | undefined;
  readonly memoryReservation?: string | undefined;
  readonly cpus?: string | undefined;
  readonly cpuShares?: number | undefined;
  readonly cpuPeriod?: number | undefined;
  readonly cpuQuota?: number | undefined;
  readonly cpusetCpus?: string | undefined;
  readonly cpusetMems?: string | undefined;
  readonly pidsLimit?: number | undefined;
  readonly health?: HealthRequest | undefined;
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

/** Limits of a container's cgroup, in the units of cgroups(7): bytes, microseconds, processes. */
export interface Limits {
  readonly memory?: number;
  /** Memory and swap together; -1 for as much swap as there is. */
  readonly memorySwap?: number;
  readonly memoryReservation?: number;
  readonly cpuPeriod?: number;
  readonly cpuQuota?: number;
  readonly cpuShares?: number;
  /** As it was given, for `inspect`: billionths of a processor. */
  readonly nanoCpus?: number;
  readonly cpusetCpus?: string;
  readonly cpusetMems?: string;
  readonly pids?: number;
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
  if (oomScoreAdj !== undefined && Math.abs(oomScoreAdj) > 1000)
    throw invalidOption(
      `Invalid value ${oomScoreAdj}, range for oom score adj is [-1000, 1000].`,
      'See proc_pid_oom_score_adj(5).',
    );
  return {
    groupAdd: request.groupAdd ?? [],
    ...(domainname === undefined || domainname === '' ? {} : { domainname }),
    restart,
    shmSize: request.shmSize === undefined ? SHM_SIZE : positiveSize('--shm-size', request.shmSize),
    ulimits: (request.ulimits ?? []).map(parseUlimit),
    sysctls: Object.fromEntries((request.sysctls ?? []).map(parseSysctl)),
    annotations: Object.fromEntries((request.annotations ?? []).map((each) => pair('--annotation', each))),
    ...(oomScoreAdj === undefined ? {} : { oomScoreAdj }),
    uts: parseUts(request.uts),
    limits: parseLimits(request),
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

function parseUts(text: string | undefined): 'private' | 'host' {
  if (text === undefined || text === '' || text === 'private') return 'private';
  if (text === 'host') return 'host';
  throw invalidOption(`--uts: invalid UTS mode: ${text}`, 'It is host or private.');
}

/** @throws WherryError `E_OPTION` */
export function parseLimits(request: OptionRequest): Limits {
  const { cpus, cpuQuota, cpuPeriod, cpuShares, cpusetCpus, cpusetMems, pidsLimit } = request;
  const size = (flag: string, text: string | undefined): number | undefined =>
    text === undefined || text === '0' ? undefined : text === '-1' ? -1 : positiveSize(flag, text);
  const memory = size('--memory', request.memory);
  const memorySwap = size('--memory-swap', request.memorySwap);
  const memoryReservation = size('--memory-reservation', request.memoryReservation);
  if (memory !== undefined && memory !== -1 && memory < 6 << 20)
    throw invalidOption('Minimum memory limit allowed is 6MB.', 'Give --memory a larger size.');
  if (memorySwap !== undefined && memory === undefined)
    throw invalidOption(
      'You should always set the Memory limit when using Memoryswap limit.',
      'Add --memory.',
    );
  if (memorySwap !== undefined && memorySwap !== -1 && memory !== undefined && memorySwap < memory)
    throw invalidOption(
      'Minimum memoryswap limit should be larger than memory limit.',
      'It is memory and swap together.',
    );
  const nano = cpus === undefined ? undefined : parseCpus(cpus);
  if (nano !== undefined && (cpuQuota !== undefined || cpuPeriod !== undefined))
    throw invalidOption('Conflicting options: --cpus and --cpu-quota or --cpu-period', 'Give one of them.');
  for (const [flag, list] of [
    ['--cpuset-cpus', cpusetCpus],
    ['--cpuset-mems', cpusetMems],
  ] as const) {
    if (list !== undefined && !/^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(list))
      throw invalidOption(`Invalid value ${list} for ${flag}.`, 'It is a list as 0-2,4.');
  }
  const period = nano === undefined ? cpuPeriod : 100_000;
  const quota = nano === undefined ? cpuQuota : Math.round(nano / 10_000);
  return {
    ...given('memory', memory),
    ...given('memorySwap', memorySwap),
    ...given('memoryReservation', memoryReservation),
    ...given('cpuPeriod', period),
    ...given('cpuQuota', quota),
    ...given('cpuShares', cpuShares === 0 ? undefined : cpuShares),
    ...given('nanoCpus', nano),
    ...given('cpusetCpus', cpusetCpus),
    ...given('cpusetMems', cpusetMems),
    ...given('pids', pidsLimit === 0 ? undefined : pidsLimit),
  };
}

function parseCpus(text: string): number | undefined {
  const value = /^\d+(\.\d+)?$|^\.\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(value))
    throw invalidOption(`failed to parse ${text} as a rational number`, 'Give --cpus a number as 1.5.');
  return value === 0 ? undefined : Math.round(value * 1e9);
}

function positiveSize(flag: string, text: string): number {
  const bytes = parseBytes(text);
  if (bytes !== undefined && bytes > 0) return bytes;
  throw invalidOption(`invalid size for ${flag}: '${text}'`, 'A number with b, k, m or g, as 512m.');
}

function pair(flag: string, text: string): readonly [string, string] {
  const equals = text.indexOf('=');
  if (equals > 0) return [text.slice(0, equals), text.slice(equals + 1)];
  throw invalidOption(`invalid argument "${text}" for "${flag}" flag`, 'Write it as NAME=VALUE.');
}

function given<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [P in K]: V });
}
