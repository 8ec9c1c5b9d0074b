import { returnValue } from './action.ts';
import { type CallArg, type CallRule, isUnconditional } from './select.ts';

/**
 * In a user namespace with a single id the kernel refuses every other owner (EINVAL) and all supplementary groups
 * (EPERM). Package managers and archivers ask for them as root would, and give up. So where the profile would let such a
 * call through, it succeeds without effect instead: SECCOMP_RET_ERRNO with errno 0.
 *
 * What the kernel can do it does: a change of owner to 0 (or to nothing, -1) is let through, so a missing file or a
 * read-only mount is still reported.
 */

const SUCCEED = returnValue('SCMP_ACT_ERRNO', 0);
const ALLOW = returnValue('SCMP_ACT_ALLOW');

/** The C library passes ids as 32 bits; what lies above them in the register is undefined. */
const ID = 0xffffffffn;
/** The i386 and arm calls from before 32-bit ids. */
const ID16 = 0xffffn;

const S_IFMT = 0xf000n;
const S_IFCHR = 0x2000n;
const S_IFBLK = 0x6000n;

const masked = (op: CallArg['op'], index: number, mask: bigint, datum: bigint): CallArg => ({
  index,
  value: mask,
  valueTwo: datum,
  op,
});

/** Succeeds as soon as one of the arguments is an id that would need a map: neither 0, nor -1 for "leave it". */
function ids(mask: bigint, ...indexes: number[]): CallRule[] {
  const unmapped = (index: number): CallRule => ({
    args: [masked('MASKED_NE', index, mask, 0n), masked('MASKED_NE', index, mask, mask)],
    value: SUCCEED,
  });
  return [...indexes.map(unmapped), { args: [], value: ALLOW }];
}

/** Device nodes succeed without effect, but for 0:0, an overlay's whiteout, which anybody may make. */
function devices(mode: number): CallRule[] {
  return [
    {
      args: [
        masked('SCMP_CMP_MASKED_EQ', mode, S_IFMT, S_IFCHR),
        masked('SCMP_CMP_MASKED_EQ', mode + 1, ID, 0n),
      ],
      value: ALLOW,
    },
    { args: [masked('SCMP_CMP_MASKED_EQ', mode, S_IFMT, S_IFCHR)], value: SUCCEED },
    { args: [masked('SCMP_CMP_MASKED_EQ', mode, S_IFMT, S_IFBLK)], value: SUCCEED },
    { args: [], value: ALLOW },
  ];
}

/** By name: rules in order, the first that matches counts; the last has no arguments. */
function substitutes(wide: boolean): Readonly<Record<string, readonly CallRule[]>> {
  const short = wide ? ID : ID16;
  return {
    chown: ids(short, 1, 2),
    lchown: ids(short, 1, 2),
    fchown: ids(short, 1, 2),
    chown32: ids(ID, 1, 2),
    lchown32: ids(ID, 1, 2),
    fchown32: ids(ID, 1, 2),
    fchownat: ids(ID, 2, 3),
    setgroups: [{ args: [], value: SUCCEED }],
    setgroups32: [{ args: [], value: SUCCEED }],
    mknod: devices(1),
    mknodat: devices(2),
    setuid: ids(short, 0),
    setgid: ids(short, 0),
    setreuid: ids(short, 0, 1),
    setregid: ids(short, 0, 1),
    setresuid: ids(short, 0, 1, 2),
    setresgid: ids(short, 0, 1, 2),
    setuid32: ids(ID, 0),
    setgid32: ids(ID, 0),
    setreuid32: ids(ID, 0, 1),
    setregid32: ids(ID, 0, 1),
    setresuid32: ids(ID, 0, 1, 2),
    setresgid32: ids(ID, 0, 1, 2),
  };
}

/**
 * The rules of a filter for a single id: what the profile lets through in the end, its substitute decides instead. What
 * the profile refuses stays refused.
 *
 * @param otherwise The return value for calls without a matching rule.
 * @param wideIds Whether `chown` and its kin take 32-bit ids, as on every ABI but i386 and arm.
 */
export function withSingleId(
  rules: ReadonlyMap<string, readonly CallRule[]>,
  otherwise: number,
  wideIds: boolean,
): Map<string, readonly CallRule[]> {
  const changed = new Map(rules);
  for (const [name, substitute] of Object.entries(substitutes(wideIds))) {
    const own = rules.get(name) ?? [];
    const last = own.at(-1);
    const before = last !== undefined && isUnconditional(last) ? own.slice(0, -1) : own;
    const atLast = before === own ? otherwise : last?.value;
    if (atLast === ALLOW) changed.set(name, [...before, ...substitute]);
  }
  return changed;
}
