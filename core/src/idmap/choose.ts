import { type Extent, ID_LIMIT, isFullMap, splitByParent } from './extent.ts';
import type { HelperChoice } from './helper.ts';
import { rangesOf, type SubidFile, type SubidRange } from './subid.ts';

/** Everything the choice depends on, gathered by read-facts.ts. */
export interface IdmapFacts {
  readonly uid: number;
  readonly gid: number;
  /** The login name; undefined when the user database doesn't know the user. */
  readonly name?: string;
  readonly subuid: SubidFile;
  readonly subgid: SubidFile;
  readonly newuidmap: HelperChoice;
  readonly newgidmap: HelperChoice;
  /** /proc/self/uid_map and gid_map. */
  readonly parentUids: readonly Extent[];
  readonly parentGids: readonly Extent[];
  /** Ids of /etc/passwd and /etc/group, for root's private range; read for root alone. */
  readonly usedUids: readonly number[];
  readonly usedGids: readonly number[];
}

export type IdmapChoice =
  | {
      /** 0 is the user, 1… are the user's subordinate ids; written by the set-user-ID helpers. */
      readonly mode: 'range';
      readonly uids: readonly Extent[];
      readonly gids: readonly Extent[];
      readonly helpers: { readonly newuidmap: string; readonly newgidmap: string };
    }
  | {
      /** 0 is the user, and there is nothing else. */
      readonly mode: 'single-id';
      readonly uids: readonly Extent[];
      readonly gids: readonly Extent[];
      /** Why there is no range: a clause without full stop, for `info`. */
      readonly reason: string;
    }
  | {
      /** For root: ids that belong to nobody, written directly. To be recorded, since files will have these owners. */
      readonly mode: 'root-range';
      readonly uids: readonly Extent[];
      readonly gids: readonly Extent[];
    };

/** Ids of a container by default, as adduser and useradd grant them, too. */
export const RANGE_SIZE = 65536;

/**
 * Where root's private range is looked for. It lies above what SSSD, FreeIPA and winbind hand out by default (up to
 * 2000200000), and above the containers' range of systemd (up to 1879048191), and below systemd's "foreign" ids, which
 * begin at 2147352576; 2^31 and up trip programs that keep ids in a signed word.
 */
const ROOT_RANGE_FIRST = 0x77800000;
const ROOT_RANGE_END = 2147352576;

/** The kernel takes 340 lines in an id map since 4.15. */
const MAX_EXTENTS = 340;

/** Decides which ids a user's containers have. Pure and total: something always works, in the end the single id. */
export function chooseIdmap(facts: IdmapFacts): IdmapChoice {
  const first = isFullMap(facts.parentUids) && isFullMap(facts.parentGids);
  if (facts.uid === 0 && first) {
    const start = freeBlock(facts);
    if (start === undefined) return singleId(facts, 'every block of ids for root’s containers is taken');
    const map = [{ inside: 0, outside: start, count: RANGE_SIZE }];
    return { mode: 'root-range', uids: map, gids: map };
  }
  const uids = withRanges(facts.uid, rangesOf(facts.subuid, facts), facts.parentUids);
  const gids = withRanges(facts.gid, rangesOf(facts.subgid, facts), facts.parentGids);
  const who = facts.name ?? `user ${facts.uid}`;
  if (uids.length < 2) return singleId(facts, missingRange('/etc/subuid', who, facts.subuid));
  if (gids.length < 2) return singleId(facts, missingRange('/etc/subgid', who, facts.subgid));
  if (!facts.newuidmap.usable) return singleId(facts, facts.newuidmap.reason);
  if (!facts.newgidmap.usable) return singleId(facts, facts.newgidmap.reason);
  return {
    mode: 'range',
    uids,
    gids,
    helpers: { newuidmap: facts.newuidmap.path, newgidmap: facts.newgidmap.path },
  };
}

function singleId(facts: IdmapFacts, reason: string): IdmapChoice {
  const map = (id: number): Extent[] => [{ inside: 0, outside: id, count: 1 }];
  return { mode: 'single-id', uids: map(facts.uid), gids: map(facts.gid), reason };
}

/** 0 is the user; the ranges follow without a gap, in the file's order, cut where our own namespace's map is. */
function withRanges(id: number, ranges: readonly SubidRange[], parent: readonly Extent[]): Extent[] {
  const map: Extent[] = [{ inside: 0, outside: id, count: 1 }];
  let inside = 1;
  const taken: SubidRange[] = [];
  for (const range of ranges) {
    for (const { outside, count } of splitByParent(
      [{ inside: 0, outside: range.start, count: range.count }],
      parent,
    )) {
      // No id may be mapped twice; a range that holds the user's own id, or overlaps another, can't be used.
      const overlaps = id >= outside && id < outside + count;
      if (overlaps || taken.some((other) => intersects(other, outside, count)) || map.length === MAX_EXTENTS)
        continue;
      map.push({ inside, outside, count });
      taken.push({ owner: range.owner, start: outside, count });
      inside += count;
    }
  }
  return map;
}

function missingRange(path: string, who: string, file: SubidFile): string {
  const problem = file.problems[0];
  return `${path} has no usable range for ${who}${problem === undefined ? '' : ` (${problem})`}`;
}

/** The first block of ids that no user, group or subordinate range touches: the same one for the same files. */
function freeBlock(facts: IdmapFacts): number | undefined {
  const ranges = [...facts.subuid.ranges, ...facts.subgid.ranges];
  const ids = [...facts.usedUids, ...facts.usedGids].filter((id) => id < ID_LIMIT);
  for (let start = ROOT_RANGE_FIRST; start + RANGE_SIZE <= ROOT_RANGE_END; start += RANGE_SIZE) {
    const taken =
      ranges.some((range) => intersects(range, start, RANGE_SIZE)) ||
      ids.some((id) => id >= start && id < start + RANGE_SIZE);
    if (!taken) return start;
  }
  return undefined;
}

function intersects(range: SubidRange, start: number, count: number): boolean {
  return range.start < start + count && start < range.start + range.count;
}
