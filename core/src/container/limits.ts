import { misread, refusedFlags } from '../errors/argument.ts';
import type { CgroupSupport } from '../platform/cgroup.ts';
import { type BlockLimits, type BlockRequest, parseBlockLimits } from './block-io.ts';
import { invalidOption } from './option-error.ts';
import { given, readSize } from './option-text.ts';

/** Flags of `run`, `create` and `update` on what a container may use up, as they were typed. */
export interface LimitRequest extends BlockRequest {
  readonly memory?: string | undefined;
  readonly memorySwap?: string | undefined;
  readonly memoryReservation?: string | undefined;
  readonly memorySwappiness?: number | undefined;
  readonly kernelMemory?: string | undefined;
  readonly oomKillDisable?: boolean | undefined;
  readonly cpus?: string | undefined;
  readonly cpuShares?: number | undefined;
  readonly cpuPeriod?: number | undefined;
  readonly cpuQuota?: number | undefined;
  readonly cpuRtPeriod?: number | undefined;
  readonly cpuRtRuntime?: number | undefined;
  readonly cpusetCpus?: string | undefined;
  readonly cpusetMems?: string | undefined;
  readonly pidsLimit?: number | undefined;
}

/** Limits of a container's cgroup, in the units of cgroups(7): bytes, microseconds, processes. */
export interface Limits extends BlockLimits {
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

const SMALLEST = 6 << 20;

/** @throws WherryError `E_OPTION` */
export function parseLimits(request: LimitRequest): Limits {
  refuseRealtime(request);
  checkSwappiness(request.memorySwappiness);
  const { cpus, cpuQuota, cpuPeriod, cpuShares, pidsLimit } = request;
  const nano = cpus === undefined ? undefined : parseCpus(cpus);
  if (nano !== undefined && (cpuQuota !== undefined || cpuPeriod !== undefined))
    throw invalidOption('Conflicting options: --cpus and --cpu-quota or --cpu-period', 'Give one of them.');
  return {
    ...memoryLimits(request),
    ...given('cpuPeriod', nano === undefined ? checkPeriod(cpuPeriod) : 100_000),
    ...given('cpuQuota', nano === undefined ? checkQuota(cpuQuota) : Math.round(nano / 10_000)),
    ...given('cpuShares', cpuShares === 0 ? undefined : cpuShares),
    ...given('nanoCpus', nano),
    ...given('cpusetCpus', checkList('--cpuset-cpus', request.cpusetCpus)),
    ...given('cpusetMems', checkList('--cpuset-mems', request.cpusetMems)),
    ...given('pids', pidsLimit === 0 ? undefined : pidsLimit),
    ...parseBlockLimits(request),
  };
}

/** What is asked for and has no effect but with the memory controller of cgroup v1, one sentence each, in Docker's words. */
export function discardedLimits(
  request: LimitRequest,
  { legacy = [] }: Pick<CgroupSupport, 'legacy'> = {},
): readonly string[] {
  const kept = legacy.some(({ controller }) => controller === 'memory');
  const { memorySwappiness, oomKillDisable, kernelMemory } = request;
  const no = 'Your kernel does not support';
  return [
    ...(kept || memorySwappiness === undefined || memorySwappiness === -1
      ? []
      : [`${no} memory swappiness for a cgroup: cgroup v2 has none. Memory swappiness discarded.`]),
    ...(oomKillDisable === true && !kept
      ? [`${no} OomKillDisable: cgroup v2 has none. OomKillDisable discarded; --oom-score-adj is there.`]
      : []),
    ...(kernelMemory === undefined || kernelMemory === '0'
      ? []
      : [`${no} a limit on kernel memory: it counts towards --memory. --kernel-memory discarded.`]),
  ];
}

function memoryLimits(request: LimitRequest): Pick<Limits, 'memory' | 'memorySwap' | 'memoryReservation'> {
  const size = (flag: string, text: string | undefined): number | undefined =>
    text === undefined ? undefined : readSize(flag, text) || undefined;
  const memory = size('-m, --memory', request.memory);
  const memorySwap = request.memorySwap === '-1' ? -1 : size('--memory-swap', request.memorySwap);
  const memoryReservation = size('--memory-reservation', request.memoryReservation);
  size('--kernel-memory', request.kernelMemory);
  if (memory !== undefined && memory < SMALLEST)
    throw invalidOption('Minimum memory limit allowed is 6MB.', 'Give --memory a larger size.');
  if (memoryReservation !== undefined && memoryReservation < SMALLEST)
    throw invalidOption('Minimum memory reservation allowed is 6MB.', 'Give it a larger size.');
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
  if (memory !== undefined && memoryReservation !== undefined && memory < memoryReservation)
    throw invalidOption(
      'Minimum memory limit can not be less than memory reservation limit.',
      'Make --memory larger, or --memory-reservation smaller.',
    );
  return {
    ...given('memory', memory),
    ...given('memorySwap', memorySwap),
    ...given('memoryReservation', memoryReservation),
  };
}

function refuseRealtime({ cpuRtPeriod = 0, cpuRtRuntime = 0 }: LimitRequest): void {
  if (cpuRtPeriod === 0 && cpuRtRuntime === 0) return;
  throw invalidOption(
    'Your kernel does not support CPU real-time scheduler for a cgroup: cgroup v2 has no such setting.',
    'Leave --cpu-rt-period and --cpu-rt-runtime out; --cpus and --cpu-shares are there.',
  );
}

function checkSwappiness(value: number | undefined): void {
  if (value === undefined || (value >= -1 && value <= 100)) return;
  throw refusedFlags(
    `invalid value: ${value}. Valid memory swappiness range is 0-100`,
    'Leave --memory-swappiness out: cgroup v2 has no such setting.',
  );
}

function checkPeriod(period: number | undefined): number | undefined {
  if (period === undefined || period === 0) return undefined;
  if (period >= 1000 && period <= 1_000_000) return period;
  throw invalidOption(
    'CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)',
    'It is in microseconds.',
  );
}

function checkQuota(quota: number | undefined): number | undefined {
  if (quota === undefined || quota === 0) return undefined;
  if (quota < 0 || quota >= 1000) return quota;
  throw invalidOption('CPU cfs quota can not be less than 1ms (i.e. 1000)', 'It is in microseconds.');
}

function checkList(flag: string, list: string | undefined): string | undefined {
  if (list === undefined || list === '') return undefined;
  if (/^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(list)) return list;
  throw invalidOption(`Invalid value ${list} for ${flag}.`, 'It is a list as 0-2,4.');
}

/** Docker's client reads any number, a fraction such as 1/2 too; its daemon wants one that isn't negative. */
function parseCpus(text: string): number | undefined {
  const hint = 'Give --cpus a number as 1.5.';
  const wrong = (reason: string) => misread({ flag: '--cpus', value: text, reason, hint });
  const [, top = '', bottom = '1'] =
    /^([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?)(?:\/(\d+))?$/i.exec(text) ?? [];
  const nano = top === '' ? Number.NaN : Number((Number(top) * 1e9) / Number(bottom));
  if (!Number.isFinite(nano)) throw wrong(`failed to parse ${text} as a rational number`);
  // Billionths are all that there is; a product such as 0.1 * 1e9 may miss its number by a bit.
  if (Math.abs(nano - Math.round(nano)) > 1e-6) throw wrong('value is too precise');
  if (nano < 0) throw invalidOption(`NanoCPUs must not be negative: ${text}`, hint);
  return nano === 0 ? undefined : Math.round(nano);
}
