import { resolve } from 'node:path';
import * as Flags from '@oclif/core/flags';
import type { InferredFlags } from '@oclif/core/interfaces';
import type { OptionRequest } from '@wherry/core/api';
import { durationMs } from '@wherry/core/duration';
import { EXIT, WherryError } from '@wherry/core/errors';

const list = (summary: string) => Flags.string({ multiple: true, helpValue: 'list', summary });
const text = (summary: string, helpValue = 'string') => Flags.string({ helpValue, summary });
const number = (summary: string) => Flags.integer({ helpValue: 'int', summary });

/** A duration of Go. */
const duration = (summary: string) => text(summary, 'duration');

/** Flags of `run`, `create` and `update` on what a container may use up. */
export const limitFlags = {
  'blkio-weight': Flags.integer({
    helpValue: 'uint16',
    summary: 'Block IO (relative weight), between 10 and 1000, or 0 to disable (default 0)',
  }),
  'cpu-period': number('Limit CPU CFS (Completely Fair Scheduler) period'),
  'cpu-quota': number('Limit CPU CFS (Completely Fair Scheduler) quota'),
  'cpu-rt-period': number('Limit the CPU real-time period in microseconds'),
  'cpu-rt-runtime': number('Limit the CPU real-time runtime in microseconds'),
  'cpu-shares': Flags.integer({ char: 'c', helpValue: 'int', summary: 'CPU shares (relative weight)' }),
  cpus: text('Number of CPUs', 'decimal'),
  'cpuset-cpus': Flags.string({
    aliases: ['cpuset'],
    helpValue: 'string',
    summary: 'CPUs in which to allow execution (0-3, 0,1)',
  }),
  'cpuset-mems': text('MEMs in which to allow execution (0-3, 0,1)'),
  'kernel-memory': Flags.string({ hidden: true, helpValue: 'bytes', summary: 'Kernel memory limit' }),
  memory: Flags.string({ char: 'm', helpValue: 'bytes', summary: 'Memory limit' }),
  'memory-reservation': text('Memory soft limit', 'bytes'),
  'memory-swap': text("Swap limit equal to memory plus swap: '-1' to enable unlimited swap", 'bytes'),
  'pids-limit': number('Tune container pids limit (set -1 for unlimited)'),
  restart: text('Restart policy to apply when a container exits'),
};

/** Flags of `run` and `create` on the kernel's settings of a container. */
export const optionFlags = {
  ...limitFlags,
  annotation: list('Add an annotation to the container'),
  'blkio-weight-device': list('Block IO weight (relative device weight)'),
  'cgroup-parent': text('Optional parent cgroup for the container'),
  cgroupns: text('Cgroup namespace to use (host|private)'),
  device: list('Add a host device to the container'),
  'device-read-bps': list('Limit read rate (bytes per second) from a device'),
  'device-read-iops': list('Limit read rate (IO per second) from a device'),
  'device-write-bps': list('Limit write rate (bytes per second) to a device'),
  'device-write-iops': list('Limit write rate (IO per second) to a device'),
  domainname: text('Container NIS domain name'),
  'group-add': list('Add additional groups to join; keep-groups keeps those that you have'),
  'health-cmd': text('Command to run to check health'),
  'health-interval': duration('Time between running the check (ms|s|m|h) (default 0s)'),
  'health-retries': number('Consecutive failures needed to report unhealthy'),
  'health-start-interval': duration(
    'Time between running the check during the start period (ms|s|m|h) (default 0s)',
  ),
  'health-start-period': duration(
    'Start period for the container to initialize before starting health-retries countdown (ms|s|m|h) (default 0s)',
  ),
  'health-timeout': duration('Maximum time to allow one check to run (ms|s|m|h) (default 0s)'),
  ipc: text('IPC mode to use (private|shareable|none|host|container:NAME)'),
  'label-file': list('Read in a line delimited file of labels'),
  'memory-swappiness': number('Tune container memory swappiness (0 to 100) (default -1)'),
  'no-healthcheck': Flags.boolean({ summary: 'Disable any container-specified HEALTHCHECK' }),
  'oom-kill-disable': Flags.boolean({ summary: 'Disable OOM Killer' }),
  'oom-score-adj': number("Tune host's OOM preferences (-1000 to 1000)"),
  pid: text('PID namespace to use (private|host|container:NAME)'),
  pidfile: text("Write the container's process ID to the file"),
  'shm-size': text('Size of /dev/shm', 'bytes'),
  sysctl: list('Sysctl options'),
  ulimit: list('Ulimit options'),
  uts: text('UTS namespace to use (private|host)'),
};

export function limitRequest(flags: InferredFlags<typeof limitFlags>): OptionRequest {
  return whatIsGiven({
    restart: flags.restart,
    memory: flags.memory,
    memorySwap: flags['memory-swap'],
    memoryReservation: flags['memory-reservation'],
    kernelMemory: flags['kernel-memory'],
    blkioWeight: flags['blkio-weight'],
    cpus: flags.cpus,
    cpuShares: flags['cpu-shares'],
    cpuPeriod: flags['cpu-period'],
    cpuQuota: flags['cpu-quota'],
    cpuRtPeriod: flags['cpu-rt-period'],
    cpuRtRuntime: flags['cpu-rt-runtime'],
    cpusetCpus: flags['cpuset-cpus'],
    cpusetMems: flags['cpuset-mems'],
    pidsLimit: flags['pids-limit'],
  });
}

/** `directory`: what a relative path is meant from. */
export function optionRequest(flags: InferredFlags<typeof optionFlags>, directory: string): OptionRequest {
  return whatIsGiven({
    ...limitRequest(flags),
    blkioWeightDevice: flags['blkio-weight-device'],
    deviceReadBps: flags['device-read-bps'],
    deviceReadIops: flags['device-read-iops'],
    deviceWriteBps: flags['device-write-bps'],
    deviceWriteIops: flags['device-write-iops'],
    memorySwappiness: flags['memory-swappiness'],
    oomKillDisable: flags['oom-kill-disable'] || undefined,
    groupAdd: flags['group-add'],
    domainname: flags.domainname,
    shmSize: flags['shm-size'],
    ulimits: flags.ulimit,
    sysctls: flags.sysctl,
    annotations: flags.annotation,
    oomScoreAdj: flags['oom-score-adj'],
    pid: flags.pid,
    ipc: flags.ipc,
    uts: flags.uts,
    health: healthRequest(flags),
    cgroupns: flags.cgroupns,
    cgroupParent: flags['cgroup-parent'],
    devices: flags.device,
    pidfile: flags.pidfile === undefined ? undefined : resolve(directory, flags.pidfile),
  });
}

function healthRequest(flags: InferredFlags<typeof optionFlags>): OptionRequest['health'] {
  const request = {
    none: flags['no-healthcheck'] || undefined,
    cmd: flags['health-cmd'],
    interval: nanoseconds('health-interval', flags['health-interval']),
    timeout: nanoseconds('health-timeout', flags['health-timeout']),
    startPeriod: nanoseconds('health-start-period', flags['health-start-period']),
    startInterval: nanoseconds('health-start-interval', flags['health-start-interval']),
    retries: flags['health-retries'],
  };
  const given = Object.entries(request).filter(([, value]) => value !== undefined);
  return given.length === 0 ? undefined : Object.fromEntries(given);
}

function nanoseconds(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = text === '0' ? 0 : durationMs(text);
  if (ms !== undefined) return Math.round(ms * 1e6);
  throw new WherryError(`invalid argument "${text}" for "--${flag}" flag: time: invalid duration "${text}"`, {
    code: 'E_OPTION',
    hint: 'Write it as 30s, 1m30s or 500ms.',
    exitCode: EXIT.engine,
  });
}

function whatIsGiven(
  request: { readonly [K in keyof OptionRequest]: OptionRequest[K] | undefined },
): OptionRequest {
  return Object.fromEntries(Object.entries(request).filter(([, value]) => value !== undefined));
}
