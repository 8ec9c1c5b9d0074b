import { type BlockLimits, deviceNumber, RATES } from './block-io.ts';
import type { Limits } from './limits.ts';

/** A file of a cgroup and what is written to it, with the controller that it is of. */
export interface CgroupSetting {
  readonly controller: string;
  readonly file: string;
  readonly value: string;
  /** The flag that asks for it. */
  readonly flag: string;
  /** Follows from another one: passed over where the kernel has no such file. */
  readonly implied?: boolean;
}

/**
 * Limits in the files of cgroup v2 (cgroups(7), Documentation/admin-guide/cgroup-v2.rst).
 * @throws WherryError `E_OPTION` for a block device that isn't there
 */
export function limitSettings(limits: Limits): readonly CgroupSetting[] {
  return [
    ...memorySettings(limits),
    ...cpuSettings(limits),
    ...blockSettings(limits),
    ...pidsSetting(limits),
  ];
}

const orMax = (value: number): string => (value < 0 ? 'max' : String(value));

function memorySettings({ memory, memorySwap, memoryReservation }: Limits): readonly CgroupSetting[] {
  const controller = 'memory';
  const found: CgroupSetting[] = [];
  if (memory !== undefined)
    found.push({ controller, file: 'memory.max', value: orMax(memory), flag: '--memory' });
  // As Docker: as much swap as memory, unless said otherwise; the kernel counts swap alone.
  if (memory !== undefined && memory > 0)
    found.push({
      controller,
      file: 'memory.swap.max',
      value: swap(memory, memorySwap),
      flag: '--memory-swap',
      ...(memorySwap === undefined ? { implied: true } : {}),
    });
  if (memoryReservation !== undefined)
    found.push({
      controller,
      file: 'memory.low',
      value: orMax(memoryReservation),
      flag: '--memory-reservation',
    });
  return found;
}

function swap(memory: number, both: number | undefined): string {
  if (both === -1) return 'max';
  return String(both === undefined ? memory : both - memory);
}

function cpuSettings(limits: Limits): readonly CgroupSetting[] {
  const { cpuQuota, cpuPeriod, cpuShares, cpusetCpus, cpusetMems } = limits;
  const found: CgroupSetting[] = [];
  if (cpuQuota !== undefined || cpuPeriod !== undefined)
    found.push({
      controller: 'cpu',
      file: 'cpu.max',
      value: `${orMax(cpuQuota ?? -1)} ${cpuPeriod ?? 100_000}`,
      flag: limits.nanoCpus === undefined ? '--cpu-quota' : '--cpus',
    });
  if (cpuShares !== undefined)
    found.push({ controller: 'cpu', file: 'cpu.weight', value: cpuWeight(cpuShares), flag: '--cpu-shares' });
  if (cpusetCpus !== undefined)
    found.push({ controller: 'cpuset', file: 'cpuset.cpus', value: cpusetCpus, flag: '--cpuset-cpus' });
  if (cpusetMems !== undefined)
    found.push({ controller: 'cpuset', file: 'cpuset.mems', value: cpusetMems, flag: '--cpuset-mems' });
  return found;
}

/** systemd's and runc's way from 2..262144 to 1..10000. */
function cpuWeight(shares: number): string {
  return String(1 + Math.trunc(((Math.min(Math.max(shares, 2), 262_144) - 2) * 9999) / 262_142));
}

function pidsSetting({ pids }: Limits): readonly CgroupSetting[] {
  if (pids === undefined) return [];
  return [{ controller: 'pids', file: 'pids.max', value: orMax(pids), flag: '--pids-limit' }];
}

function blockSettings(limits: BlockLimits): readonly CgroupSetting[] {
  const { blkioWeight, blkioWeightDevice = [] } = limits;
  const io = (file: string, value: string, flag: string) => ({ controller: 'io', file, value, flag });
  return [
    ...(blkioWeight === undefined
      ? []
      : [io('io.weight', `default ${ioWeight(blkioWeight)}`, '--blkio-weight')]),
    ...blkioWeightDevice.map(({ path, rate }) =>
      io(
        'io.weight',
        `${deviceNumber(path)} ${rate === 0 ? 'default' : ioWeight(rate)}`,
        '--blkio-weight-device',
      ),
    ),
    ...RATES.flatMap(([key, flag, word]) =>
      (limits[key] ?? []).map(({ path, rate }) =>
        io('io.max', `${deviceNumber(path)} ${word}=${rate === 0 ? 'max' : rate}`, flag),
      ),
    ),
  ];
}

/** runc's way from 10..1000 to 1..10000. */
function ioWeight(weight: number): number {
  return 1 + Math.trunc(((weight - 10) * 9999) / 990);
}
