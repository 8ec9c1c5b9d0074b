import type { ContainerOperation } from '../program/operation.ts';
import type { ContainerSpec } from './record.ts';

type Spec = Pick<ContainerSpec, 'options'>;

/** `--ulimit`; a user without privilege can't raise hard limits, and is told so by the launcher. */
export function resourceLimits({ options }: Spec): readonly ContainerOperation[] {
  const big = (value: number | undefined): bigint | undefined =>
    value === undefined ? undefined : BigInt(value);
  return (options?.ulimits ?? []).map(({ resource, soft, hard }) => ({
    op: 'rlimit',
    resource,
    soft: big(soft),
    hard: big(hard),
  }));
}

/** `--sysctl`, while /proc/sys can still be written to. */
export function namespaceSysctls({ options }: Spec): readonly ContainerOperation[] {
  return Object.entries(options?.sysctls ?? {}).map(([name, value]) => ({ op: 'sysctl', name, value }));
}

export function domainName({ options }: Spec): readonly ContainerOperation[] {
  return options?.domainname === undefined ? [] : [{ op: 'domainname', name: options.domainname }];
}

/** What confines the command, set while the host's /proc is there. */
export function confinement({ security }: Pick<ContainerSpec, 'security'>): readonly ContainerOperation[] {
  return security.apparmor === undefined ? [] : [{ op: 'apparmor', profile: security.apparmor }];
}

export function oomScore({ options }: Spec): readonly ContainerOperation[] {
  return options?.oomScoreAdj === undefined ? [] : [{ op: 'oom-score-adj', value: options.oomScoreAdj }];
}
