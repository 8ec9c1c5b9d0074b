import type { IdmapChoice } from './choose.ts';
import { usernsError } from './error.ts';
import { type Extent, splitByParent, toInside } from './extent.ts';
import type { AskedExtent, Userns } from './userns.ts';

/**
 * Ids of a container that are none of its user's: `inside` are the container's, `outside` those of the common namespace. The
 * files of its image belong to it in a copy whose owners are shifted likewise.
 */
export interface PrivateIds {
  readonly kind: 'auto' | 'nomap';
  readonly uids: readonly Extent[];
  readonly gids: readonly Extent[];
}

/** Ids of the common namespace, from `start` on. */
export interface IdRange {
  readonly start: number;
  readonly count: number;
}

/** What a kind of id (of users, of groups) is shared out among. */
export interface Pool {
  /** The map of the common namespace. */
  readonly common: readonly Extent[];
  /** What other containers with `auto` hold. */
  readonly taken: readonly IdRange[];
}

/** @throws WherryError `E_USERNS` where there is nothing but the user's own id */
export function requireSubordinateIds(kind: PrivateIds['kind'], idmap: IdmapChoice, login: string): void {
  if (idmap.mode !== 'single-id') return;
  throw usernsError(
    `--userns ${kind} gives a container ids that are none of yours, and there are none for you: ${idmap.reason}.`,
    `Ask the administrator for: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ${login}, with newuidmap and newgidmap installed (package uidmap or shadow-utils).`,
  );
}

/** All subordinate ids and nothing else, from 0 on. */
export function withoutUser({ uids, gids }: Pick<IdmapChoice, 'uids' | 'gids'>): PrivateIds {
  const rest = (common: readonly Extent[]) =>
    splitByParent([{ inside: 0, outside: 1, count: sizeOf(common) - 1 }], common);
  return { kind: 'nomap', uids: rest(uids), gids: rest(gids) };
}

/**
 * A map of `size` ids of each kind that nobody else has, the lowest ones that are free, so that what one container had is what
 * the next one of the same size gets, with the copies of its image. What was asked for is on top of that.
 * @throws WherryError `E_USERNS` when too few are free
 */
export function chooseRange(
  { uids, gids }: Extract<Userns, { kind: 'auto' }>,
  size: number,
  pools: { readonly uids: Pool; readonly gids: Pool },
): PrivateIds {
  return {
    kind: 'auto',
    uids: share('user', uids, size, pools.uids),
    gids: share('group', gids, size, pools.gids),
  };
}

/** The ids of the common namespace that a map leads to. */
export function heldBy(map: readonly Extent[]): readonly IdRange[] {
  return map.map(({ outside, count }) => ({ start: outside, count }));
}

function share(
  what: 'user' | 'group',
  asked: readonly AskedExtent[],
  size: number,
  { common, taken }: Pool,
): Extent[] {
  const given = asked.map((extent) => inCommon(extent, common));
  const free = without([{ start: 1, count: sizeOf(common) - 1 }], [...taken, ...heldBy(given)]);
  const wanted = without(
    [{ start: 0, count: size }],
    given.map(({ inside, count }) => ({ start: inside, count })),
  );
  const need = sum(wanted);
  if (need > sum(free)) throw tooFew(what, need, sum(free));
  // In one piece where there is one.
  const whole = free.find(({ count }) => count >= need);
  const map = zip(wanted, whole === undefined ? free : [whole]);
  return splitByParent([...given, ...map], common).toSorted((one, other) => one.inside - other.inside);
}

/** @throws WherryError `E_USERNS` for ids that the user doesn't have */
function inCommon({ inside, outside, count, ofHost }: AskedExtent, common: readonly Extent[]): Extent {
  const first = ofHost ? toInside(common, outside) : outside;
  const last = ofHost ? toInside(common, outside + count - 1) : outside + count - 1;
  if (first !== undefined && last === first + count - 1 && last < sizeOf(common)) {
    return { inside, outside: first, count };
  }
  throw usernsError(
    `--userns auto can't map ${inside}:${ofHost ? '@' : ''}${outside}:${count}: not all of these ids are yours.`,
    'HOST counts your ids: 0 is you, 1 the first of your subordinate ones; @HOST is an id of the machine. `wherry info` tells them.',
  );
}

/** What of `ranges` is in none of `others`. */
function without(ranges: readonly IdRange[], others: readonly IdRange[]): IdRange[] {
  let left = [...ranges];
  for (const other of others) {
    const end = other.start + other.count;
    left = left.flatMap(({ start, count }) => {
      const before = { start, count: Math.min(count, other.start - start) };
      const from = Math.max(start, end);
      const after = { start: from, count: start + count - from };
      if (other.start >= start + count || end <= start) return [{ start, count }];
      return [before, after].filter((each) => each.count > 0);
    });
  }
  return left.toSorted((one, other) => one.start - other.start);
}

function zip(inside: readonly IdRange[], outside: readonly IdRange[]): Extent[] {
  const map: Extent[] = [];
  const left = outside.map((each) => ({ ...each }));
  for (const range of inside) {
    for (let { start, count } = range; count > 0; ) {
      const [piece] = left;
      if (piece === undefined) return map;
      const taken = Math.min(count, piece.count);
      map.push({ inside: start, outside: piece.start, count: taken });
      start += taken;
      count -= taken;
      piece.start += taken;
      piece.count -= taken;
      if (piece.count === 0) left.shift();
    }
  }
  return map;
}

function sum(ranges: readonly IdRange[]): number {
  return ranges.reduce((total, { count }) => total + count, 0);
}

/** Ids of a common namespace, which has them from 0 on without a gap. */
function sizeOf(common: readonly Extent[]): number {
  return common.reduce((most, { inside, count }) => Math.max(most, inside + count), 0);
}

function tooFew(what: string, need: number, free: number) {
  return usernsError(
    `--userns auto needs ${need} ${what} ids for this container, and ${free} of yours are free.`,
    `Ask for fewer with --userns auto:size=N, remove containers that hold some (wherry ps -a), or have the administrator grant more (/etc/sub${what === 'user' ? 'u' : 'g'}id).`,
  );
}
