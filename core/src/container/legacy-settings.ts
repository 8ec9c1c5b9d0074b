import { deviceNumber } from './block-io.ts';
import type { CgroupSetting } from './cgroup-settings.ts';
import type { Limits } from './limits.ts';
import type { ContainerOptions } from './options.ts';

/**
 * Limits in the files of cgroup v1 (Documentation/admin-guide/cgroup-v1/).
 * @throws WherryError `E_OPTION` for a block device that isn't there
 */
export function legacySettings({
  limits,
  memorySwappiness,
  oomKillDisable,
}: Pick<ContainerOptions, 'limits' | 'memorySwappiness' | 'oomKillDisable'>): readonly CgroupSetting[] {
  const { cpuShares, cpuPeriod, cpuQuota, nanoCpus, cpusetCpus, cpusetMems, pids } = limits;
  const one = (
    controller: string,
    file: string,
    flag: string,
    value: string | number | undefined,
  ): readonly CgroupSetting[] =>
    value === undefined ? [] : [{ controller, file, flag, value: String(value) }];
  const cpus = nanoCpus === undefined ? '--cpu-quota' : '--cpus';
  return [
    ...memorySettings(limits),
    ...one(
      'memory',
      'memory.swappiness',
      '--memory-swappiness',
      memorySwappiness === -1 ? undefined : memorySwappiness,
    ),
    ...one('memory', 'memory.oom_control', '--oom-kill-disable', oomKillDisable === true ? 1 : undefined),
    ...one('cpu', 'cpu.shares', '--cpu-shares', cpuShares),
    ...one('cpu', 'cpu.cfs_period_us', nanoCpus === undefined ? '--cpu-period' : cpus, cpuPeriod),
    ...one('cpu', 'cpu.cfs_quota_us', cpus, cpuQuota),
    ...one('cpuset', 'cpuset.cpus', '--cpuset-cpus', cpusetCpus),
    ...one('cpuset', 'cpuset.mems', '--cpuset-mems', cpusetMems),
    ...one('pids', 'pids.max', '--pids-limit', pids !== undefined && pids < 0 ? 'max' : pids),
    ...blockSettings(limits),
  ];
}

/** Version 1 counts memory and swap together, as Docker's flag does. */
function memorySettings({ memory, memorySwap, memoryReservation }: Limits): readonly CgroupSetting[] {
  const setting = (file: string, flag: string, value: number, implied = false): CgroupSetting => ({
    controller: 'memory',
    file: `memory.${file}`,
    flag,
    value: String(value),
    ...(implied ? { implied } : {}),
  });
  const both = memorySwap ?? (memory !== undefined && memory > 0 ? memory * 2 : undefined);
  return [
    ...(memory === undefined ? [] : [setting('limit_in_bytes', '--memory', memory)]),
    ...(both === undefined
      ? []
      : [setting('memsw.limit_in_bytes', '--memory-swap', both, memorySwap === undefined)]),
    ...(memoryReservation === undefined
      ? []
      : [setting('soft_limit_in_bytes', '--memory-reservation', memoryReservation)]),
  ];
}

const RATES = [
  ['deviceReadBps', '--device-read-bps', 'read_bps_device'],
  ['deviceWriteBps', '--device-write-bps', 'write_bps_device'],
  ['deviceReadIops', '--device-read-iops', 'read_iops_device'],
  ['deviceWriteIops', '--device-write-iops', 'write_iops_device'],
] as const;

function blockSettings(limits: Limits): readonly CgroupSetting[] {
  const io = (file: string, flag: string, value: string): CgroupSetting => ({
    controller: 'blkio',
    file: `blkio.${file}`,
    flag,
    value,
  });
  const { blkioWeight, blkioWeightDevice = [] } = limits;
  return [
    ...(blkioWeight === undefined ? [] : [io('weight', '--blkio-weight', String(blkioWeight))]),
    ...blkioWeightDevice.map(({ path, rate }) =>
      io('weight_device', '--blkio-weight-device', `${deviceNumber(path)} ${rate}`),
    ),
    ...RATES.flatMap(([key, flag, file]) =>
      (limits[key] ?? []).map(({ path, rate }) =>
        io(`throttle.${file}`, flag, `${deviceNumber(path)} ${rate}`),
      ),
    ),
  ];
}
