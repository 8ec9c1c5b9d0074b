import { returnValue } from './action.ts';
import { type Abi, abiOf, type NativeArch, nativeScmp } from './arch.ts';
import type { KernelVersion, SeccompArg, SeccompCondition, SeccompProfile } from './profile.ts';

/** What a profile's `includes` and `excludes` are decided by. */
export interface SeccompContext {
  readonly arch: NativeArch;
  /** The container's bounding set, as `CAP_SYS_ADMIN`. */
  readonly capabilities: ReadonlySet<string>;
  readonly kernel: KernelVersion;
}

/** A profile's comparison, or one that only Wherry's own rules have: a masked argument that isn't the datum. */
export type CallArg = Omit<SeccompArg, 'op'> & { readonly op: SeccompArg['op'] | 'MASKED_NE' };

/** A rule for one system call: when all of `args` match, the filter returns `value`. */
export interface CallRule {
  readonly args: readonly CallArg[];
  readonly value: number;
}

/** The ABIs a profile opens on this machine: the native one first. All others end in SECCOMP_RET_KILL_THREAD. */
export function selectAbis(profile: SeccompProfile, native: NativeArch): readonly Abi[] {
  const own = nativeScmp(native);
  const mapped = profile.archMap?.find((entry) => entry.architecture === own)?.subArchitectures ?? [];
  const names = new Set([own, ...(profile.architectures ?? []), ...mapped]);
  return [...names].flatMap((name) => abiOf(name, native) ?? []);
}

/**
 * The rules that count in a context, by system call name: the first that matches decides. They keep the profile's order,
 * but a rule without arguments stands alone, the first such one, as libseccomp has it.
 *
 * As in Docker's engine, `includes` holds when every named capability is in the bounding set, and `excludes` when any is.
 * Rules that say what the default says anyway are dropped, as runc and crun do.
 */
export function selectRules(profile: SeccompProfile, context: SeccompContext): Map<string, CallRule[]> {
  const byDefault = returnValue(profile.defaultAction, profile.defaultErrnoRet);
  const rules = new Map<string, CallRule[]>();
  for (const rule of profile.syscalls) {
    const value = returnValue(rule.action, rule.errnoRet);
    if (value === byDefault || excluded(rule.excludes, context) || !included(rule.includes, context))
      continue;
    for (const name of rule.names) {
      const list = rules.get(name);
      const known = list?.some(isUnconditional) === true;
      if (list === undefined || (rule.args.length === 0 && !known))
        rules.set(name, [{ args: rule.args, value }]);
      else if (!known) list.push({ args: rule.args, value });
    }
  }
  return rules;
}

export function isUnconditional(rule: CallRule): boolean {
  return rule.args.length === 0;
}

function included(condition: SeccompCondition | undefined, context: SeccompContext): boolean {
  if (condition === undefined) return true;
  const { caps = [], arches = [], minKernel } = condition;
  return (
    (arches.length === 0 || arches.includes(context.arch)) &&
    caps.every((name) => context.capabilities.has(name)) &&
    (minKernel === undefined || atLeast(context.kernel, minKernel))
  );
}

function excluded(condition: SeccompCondition | undefined, context: SeccompContext): boolean {
  if (condition === undefined) return false;
  const { caps = [], arches = [], minKernel } = condition;
  return (
    arches.includes(context.arch) ||
    caps.some((name) => context.capabilities.has(name)) ||
    (minKernel !== undefined && atLeast(context.kernel, minKernel))
  );
}

function atLeast(kernel: KernelVersion, wanted: KernelVersion): boolean {
  return kernel.major > wanted.major || (kernel.major === wanted.major && kernel.minor >= wanted.minor);
}
