/**
 * A seccomp profile in the format Docker reads from `--security-opt seccomp=FILE`, which is the OCI runtime
 * specification's `linux.seccomp` with `archMap`, `includes` and `excludes` added. `parseSeccompProfile` is the only
 * way in for text from outside.
 */

export const SECCOMP_ACTIONS = [
  'SCMP_ACT_ALLOW',
  'SCMP_ACT_ERRNO',
  'SCMP_ACT_KILL',
  'SCMP_ACT_KILL_PROCESS',
  'SCMP_ACT_KILL_THREAD',
  'SCMP_ACT_LOG',
  'SCMP_ACT_TRACE',
  'SCMP_ACT_TRAP',
] as const;
export type SeccompAction = (typeof SECCOMP_ACTIONS)[number];

export const SECCOMP_OPERATORS = [
  'SCMP_CMP_EQ',
  'SCMP_CMP_GE',
  'SCMP_CMP_GT',
  'SCMP_CMP_LE',
  'SCMP_CMP_LT',
  'SCMP_CMP_MASKED_EQ',
  'SCMP_CMP_NE',
] as const;
export type SeccompOperator = (typeof SECCOMP_OPERATORS)[number];

/** One comparison of an argument, unsigned and 64 bits wide. For MASKED_EQ `value` is the mask, `valueTwo` the datum. */
export interface SeccompArg {
  readonly index: number;
  readonly value: bigint;
  readonly valueTwo: bigint;
  readonly op: SeccompOperator;
}

/** What must hold (`includes`) or mustn't (`excludes`) for a rule to count. Architectures in Docker's words: amd64. */
export interface SeccompCondition {
  readonly caps?: readonly string[];
  readonly arches?: readonly string[];
  readonly minKernel?: KernelVersion;
}

export interface KernelVersion {
  readonly major: number;
  readonly minor: number;
}

export interface SeccompRule {
  readonly names: readonly string[];
  readonly action: SeccompAction;
  /** For ERRNO the errno, for TRACE the message; without it ERRNO means EPERM and TRACE 0. */
  readonly errnoRet?: number;
  /** All must match; none means the rule is unconditional. */
  readonly args: readonly SeccompArg[];
  readonly includes?: SeccompCondition;
  readonly excludes?: SeccompCondition;
}

export interface SeccompArchMap {
  readonly architecture: string;
  readonly subArchitectures: readonly string[];
}

export interface SeccompProfile {
  readonly defaultAction: SeccompAction;
  readonly defaultErrnoRet?: number;
  /** The ABIs besides the native one; `archMap` gives them by native ABI instead. At most one of the two is set. */
  readonly architectures?: readonly string[];
  readonly archMap?: readonly SeccompArchMap[];
  /** Flags of seccomp(2), as `SECCOMP_FILTER_FLAG_LOG`; `seccompFlags` gives their bits. */
  readonly flags?: readonly SeccompFlag[];
  readonly syscalls: readonly SeccompRule[];
}

/** The bits of seccomp(2)'s flags which a profile may ask for. */
export const SECCOMP_FLAGS = {
  SECCOMP_FILTER_FLAG_TSYNC: 1,
  SECCOMP_FILTER_FLAG_LOG: 2,
  SECCOMP_FILTER_FLAG_SPEC_ALLOW: 4,
} as const;
export type SeccompFlag = keyof typeof SECCOMP_FLAGS;

/** The flags argument of seccomp(2) for a profile. */
export function seccompFlags(profile: SeccompProfile): number {
  return (profile.flags ?? []).reduce((bits, flag) => bits | SECCOMP_FLAGS[flag], 0);
}
