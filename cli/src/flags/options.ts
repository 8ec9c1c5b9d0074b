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
  'cpu-period': number('Limit CPU CFS (Completely Fair Scheduler) period'),
  'cpu-quota': number('Limit CPU CFS (Completely Fair Scheduler) quota'),
  'cpu-shares': Flags.integer({ char: 'c', helpValue: 'int', summary: 'CPU shares (relative weight)' }),
  cpus: text('Number of CPUs', 'decimal'),
  'cpuset-cpus': text('CPUs in which to allow execution (0-3, 0,1)'),
  'cpuset-mems': text('MEMs in which to allow execution (0-3, 0,1)'),
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
  domainname: text('Container NIS domain name'),
  'group-add': list('Add additional groups to join'),
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
  'label-file': list('Read in a line delimited file of labels'),
  'no-healthcheck': Flags.boolean({ summary: 'Disable any container-specified HEALTHCHECK' }),
  'oom-score-adj': number("Tune host's OOM preferences (-1000 to 1000)"),
  'shm-size': text('Size of /dev/shm', 'bytes'),
  sysctl: list('Sysctl options'),
  ulimit: list('Ulimit options'),
  uts: text('UTS namespace to use'),
};

export function limitRequest(flags: InferredFlags<typeof limitFlags>): OptionRequest {
  return whatIsGiven({
    restart: flags.restart,
    memory: flags.memory,
    memorySwap: flags['memory-swap'],
    memoryReservation: flags['memory-reservation'],
    cpus: flags.cpus,
    cpuShares: flags['cpu-shares'],
    cpuPeriod: flags['cpu-period'],
    cpuQuota: flags['cpu-quota'],
    cpusetCpus: flags['cpuset-cpus'],
    cpusetMems: flags['cpuset-mems'],
    pidsLimit: flags['pids-limit'],
  });
}

export function optionRequest(flags: InferredFlags<typeof optionFlags>): OptionRequest {
  return whatIsGiven({
    ...limitRequest(flags),
    groupAdd: flags['group-add'],
    domainname: flags.domainname,
    shmSize: flags['shm-size'],
    ulimits: flags.ulimit,
    sysctls: flags.sysctl,
    annotations: flags.annotation,
    oomScoreAdj: flags['oom-score-adj'],
    uts: flags.uts,
    health: healthRequest(flags),
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
