import { spawnSync } from 'node:child_process';
import { type Abi, abiOf, type NativeArch } from '../../src/seccomp/arch.ts';
import type { SeccompRequest } from '../../src/seccomp/compile.ts';
import type { SeccompArg, SeccompCondition, SeccompProfile, SeccompRule } from '../../src/seccomp/profile.ts';
import type { Call } from './bpf.ts';

/** What a profile means, written down as plainly as can be; the compiler is compared with it. */

const VALUES: Record<string, number> = {
  SCMP_ACT_ALLOW: 0x7fff0000,
  SCMP_ACT_LOG: 0x7ffc0000,
  SCMP_ACT_TRACE: 0x7ff00000,
  SCMP_ACT_ERRNO: 0x50000,
  SCMP_ACT_TRAP: 0x30000,
  SCMP_ACT_KILL: 0,
  SCMP_ACT_KILL_THREAD: 0,
  SCMP_ACT_KILL_PROCESS: 0x80000000,
};
export const ENOSYS_VERDICT = 0x50000 + 38;

function verdict(action: string, errnoRet: number | undefined): number {
  const fallback = action === 'SCMP_ACT_ERRNO' ? 1 : 0;
  const carries = action === 'SCMP_ACT_ERRNO' || action === 'SCMP_ACT_TRACE';
  return (VALUES[action] ?? Number.NaN) + (carries ? (errnoRet ?? fallback) : 0);
}

export const defaultVerdict = (profile: SeccompProfile): number =>
  verdict(profile.defaultAction, profile.defaultErrnoRet);

function holds(condition: SeccompCondition, request: SeccompRequest, every: boolean): boolean {
  const { caps = [], arches = [], minKernel } = condition;
  const has = new Set(request.capabilities);
  const parts: boolean[] = [];
  if (arches.length > 0) parts.push(arches.includes(request.arch));
  if (caps.length > 0) parts.push(every ? caps.every((c) => has.has(c)) : caps.some((c) => has.has(c)));
  if (minKernel !== undefined) {
    parts.push(request.kernel.major * 1e4 + request.kernel.minor >= minKernel.major * 1e4 + minKernel.minor);
  }
  return every ? parts.every(Boolean) : parts.some(Boolean);
}

/** The profile's rules that count for a request, in order. */
export function effectiveRules(request: SeccompRequest): SeccompRule[] {
  const same = defaultVerdict(request.profile);
  return request.profile.syscalls.filter(
    (rule) =>
      (rule.includes === undefined || holds(rule.includes, request, true)) &&
      (rule.excludes === undefined || !holds(rule.excludes, request, false)) &&
      verdict(rule.action, rule.errnoRet) !== same,
  );
}

function matches(arg: SeccompArg, args: readonly bigint[], wide: boolean): boolean {
  const cut = (v: bigint): bigint => BigInt.asUintN(wide ? 64 : 32, v);
  const actual = cut(args[arg.index] ?? 0n);
  const value = cut(arg.value);
  switch (arg.op) {
    case 'SCMP_CMP_EQ':
      return actual === value;
    case 'SCMP_CMP_NE':
      return actual !== value;
    case 'SCMP_CMP_LT':
      return actual < value;
    case 'SCMP_CMP_LE':
      return actual <= value;
    case 'SCMP_CMP_GT':
      return actual > value;
    case 'SCMP_CMP_GE':
      return actual >= value;
    case 'SCMP_CMP_MASKED_EQ':
      return (actual & value) === cut(arg.valueTwo);
  }
}

/** The verdict on a call by its name, with no regard to numbers. */
export function meaning(
  request: SeccompRequest,
  rules: readonly SeccompRule[],
  name: string,
  abi: Abi,
  args: readonly bigint[],
): number {
  const mine = rules.filter((rule) => rule.names.includes(name));
  const rule =
    mine.find((r) => r.args.length === 0) ??
    mine.find((r) => r.args.every((arg) => matches(arg, args, abi.wide)));
  return rule === undefined ? defaultVerdict(request.profile) : verdict(rule.action, rule.errnoRet);
}

export const ABIS: Record<NativeArch, readonly string[]> = {
  amd64: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
  arm64: ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'],
};

export function abi(scmp: string, native: NativeArch): Abi {
  const found = abiOf(scmp, native);
  if (found === undefined) throw new Error(`no ${scmp} on ${native}`);
  return found;
}

export const call = (on: Abi, name: string, ...args: bigint[]): Call => ({
  audit: on.audit,
  nr: on.base + (on.numbers.get(name) ?? Number.NaN),
  args,
});

/** Arguments that stand on and beside every boundary a set of rules draws. */
export function interesting(rules: readonly SeccompRule[], name: string): bigint[][] {
  const values = new Set<bigint>([0n]);
  const used = new Set<number>();
  for (const arg of rules.filter((r) => r.names.includes(name)).flatMap((r) => r.args)) {
    used.add(arg.index);
    for (const v of [arg.value, arg.valueTwo, arg.value & -arg.value]) {
      for (const w of [v - 1n, v, v + 1n, v + (1n << 32n), v ^ (1n << 63n)])
        values.add(BigInt.asUintN(64, w));
    }
  }
  let sets: bigint[][] = [[]];
  for (const index of used) {
    sets = sets.flatMap((args) =>
      [...values].map((v) =>
        Object.assign(
          Array.from({ length: 6 }, (_, i) => args[i] ?? 0n),
          { [index]: v },
        ),
      ),
    );
  }
  return sets;
}

const PYTHON = '/usr/bin/python3';

/** Why libseccomp can't be asked here, or undefined when it can. */
export function libseccompMissing(): string | undefined {
  const tried = spawnSync(PYTHON, ['-c', 'import seccomp'], { encoding: 'utf8' });
  return tried.status === 0 ? undefined : 'no python3-seccomp on this machine';
}

/** The same rules, compiled by libseccomp. */
export function libseccomp(request: SeccompRequest): Uint8Array {
  const action = (name: string, errno: number | undefined) => ({ name, errno: errno ?? null });
  const input = {
    default: action(request.profile.defaultAction, request.profile.defaultErrnoRet),
    arches: ABIS[request.arch],
    rules: effectiveRules(request).map((rule) => ({
      action: action(rule.action, rule.errnoRet),
      names: rule.names,
      args: rule.args.map((arg) => [arg.index, arg.op, String(arg.value), String(arg.valueTwo)]),
    })),
  };
  const done = spawnSync(PYTHON, [new URL('libseccomp.py', import.meta.url).pathname], {
    input: JSON.stringify(input),
    maxBuffer: 1 << 24,
  });
  if (done.status !== 0) throw new Error(String(done.stderr));
  return done.stdout;
}
