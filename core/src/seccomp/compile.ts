import { createHash } from 'node:crypto';
import { WherryError } from '../errors/error.ts';
import { ENOSYS, returnValue } from './action.ts';
import { type Abi, type NativeArch, X32_BIT } from './arch.ts';
import { decideCall } from './arguments.ts';
import { assemble } from './assemble.ts';
import { ALL_BITS, type Decision, Graph, WORD } from './graph.ts';
import { withMultiplexed } from './multiplex.ts';
import { type NumberRange, numberRanges, searchTree } from './numbers.ts';
import type { KernelVersion, SeccompProfile } from './profile.ts';
import { type CallRule, type SeccompContext, selectAbis, selectRules } from './select.ts';
import { withSingleId } from './single-id.ts';

export interface SeccompRequest {
  readonly profile: SeccompProfile;
  /** The container's bounding set, as `CAP_SYS_ADMIN`. */
  readonly capabilities: Iterable<string>;
  readonly arch: NativeArch;
  /** Whether the container's user namespace holds one id only. */
  readonly singleId: boolean;
  readonly kernel: KernelVersion;
}

/** Goes up whenever a filter compiled from the same request would come out different. */
const REVISION = 1;

/** Comparisons for one call. Any real profile has a few dozen; a filter of this many would near the kernel's limit. */
const MAX_COMPARISONS = 500;

const KILL = returnValue('SCMP_ACT_KILL_THREAD');

/**
 * Compiles a profile to classic BPF, an array of struct sock_filter (8 bytes each, little-endian) as seccomp(2) takes it.
 *
 * As with libseccomp, a call by an ABI that the profile doesn't open kills the thread. As with runc, numbers above the
 * profile's highest are ENOSYS unless the default lets them pass, so that programs fall back from calls newer than
 * the profile.
 *
 * @throws WherryError `E_SECCOMP_TOO_LONG` when the kernel wouldn't take the filter for its length.
 */
export function compileSeccomp(request: SeccompRequest): Uint8Array {
  const { profile } = request;
  const graph = new Graph();
  const rules = selectRules(profile, contextOf(request));
  const otherwise = returnValue(profile.defaultAction, profile.defaultErrnoRet);
  const abis = selectAbis(profile, request.arch);
  let root = graph.return(KILL);
  for (const audit of new Set(abis.map((abi) => abi.audit).reverse())) {
    const sharing = abis.filter((abi) => abi.audit === audit);
    const tree = searchTree(graph, auditRanges(graph, sharing, request, rules, otherwise));
    root = graph.test({ word: WORD.arch, mask: ALL_BITS, op: 'eq', k: audit, yes: tree, no: root });
  }
  return assemble(root);
}

/** The decisions for all numbers under one AUDIT_ARCH, which x86_64 and x32 share. */
function auditRanges(
  graph: Graph,
  abis: readonly Abi[],
  request: SeccompRequest,
  rules: ReadonlyMap<string, readonly CallRule[]>,
  otherwise: number,
): NumberRange[] {
  const spans: NumberRange[] = [];
  const calls = new Map<number, Decision>();
  for (const abi of abis) {
    const byDefault = graph.return(otherwise);
    spans.push({ from: abi.base, decision: byDefault });
    let newest = -1;
    for (const [name, callRules] of abiRules(abi, request, rules, otherwise)) {
      const number = abi.numbers.get(name);
      if (number === undefined) continue;
      if (callRules.reduce((sum, rule) => sum + rule.args.length, 0) > MAX_COMPARISONS) throw tooMany(name);
      if (number < abi.privateFrom) newest = Math.max(newest, number);
      calls.set(abi.base + number, decideCall(graph, callRules, abi.wide, byDefault));
    }
    if (newest >= 0 && !passesByDefault(request.profile)) {
      spans.push({
        from: abi.base + newest + 1,
        decision: graph.return(returnValue('SCMP_ACT_ERRNO', ENOSYS)),
      });
    }
    if (abi.privateFrom < X32_BIT) spans.push({ from: abi.privateFrom, decision: byDefault });
  }
  if (abis.some((abi) => abi.scmp === 'SCMP_ARCH_X86_64')) {
    if (!abis.some((abi) => abi.base === X32_BIT))
      spans.push({ from: X32_BIT, decision: graph.return(KILL) });
    // -1 is no call of x32: a tracer sets it to skip a call.
    spans.push({ from: ALL_BITS, decision: graph.return(otherwise) });
  }
  return numberRanges(spans, calls);
}

function abiRules(
  abi: Abi,
  request: SeccompRequest,
  rules: ReadonlyMap<string, readonly CallRule[]>,
  otherwise: number,
): ReadonlyMap<string, readonly CallRule[]> {
  const i386 = abi.scmp === 'SCMP_ARCH_X86';
  const own = i386 ? withMultiplexed(rules) : rules;
  return request.singleId ? withSingleId(own, otherwise, !i386 && abi.scmp !== 'SCMP_ARCH_ARM') : own;
}

/** runc counts TRACE in: a tracer deals with unknown calls itself. */
function passesByDefault(profile: SeccompProfile): boolean {
  return ['SCMP_ACT_ALLOW', 'SCMP_ACT_LOG', 'SCMP_ACT_TRACE'].includes(profile.defaultAction);
}

function tooMany(call: string): WherryError {
  return new WherryError(
    `The seccomp profile is too long: it compares arguments of ${call} more than ${MAX_COMPARISONS} times.`,
    { code: 'E_SECCOMP_TOO_LONG', hint: 'Use fewer rules with argument comparisons.' },
  );
}

function contextOf(request: SeccompRequest): SeccompContext {
  return { arch: request.arch, capabilities: new Set(request.capabilities), kernel: request.kernel };
}

/**
 * A name for the filter that `compileSeccomp` makes of a request: equal for equal filters' requests, different when
 * anything that goes into them differs. 64 hexadecimal digits, fit for a file name.
 */
export function seccompCacheKey(request: SeccompRequest): string {
  const { profile, capabilities, arch, singleId, kernel } = request;
  const key = [
    REVISION,
    profile,
    [...new Set(capabilities)].sort(),
    arch,
    singleId,
    kernel.major,
    kernel.minor,
  ];
  const text = JSON.stringify(key, (_name, value: unknown) =>
    typeof value === 'bigint' ? `${value}n` : value,
  );
  return createHash('sha256').update(text).digest('hex');
}
