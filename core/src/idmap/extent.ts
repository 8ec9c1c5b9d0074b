/**
 * One line of /proc/PID/uid_map (user_namespaces(7)): `count` ids from `inside` in the namespace are those from
 * `outside` in its parent.
 */
export interface Extent {
  readonly inside: number;
  readonly outside: number;
  readonly count: number;
}

/** Ids are 32 bits, and the last one, -1, means "no id". */
export const ID_LIMIT = 0xffffffff;

/** Reads /proc/PID/uid_map or gid_map; lines that aren't three numbers are left out. */
export function parseIdMap(text: string): Extent[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s*$/.exec(line);
    if (match === null) return [];
    const [inside, outside, count] = match.slice(1).map(Number);
    return inside === undefined || outside === undefined || !count ? [] : [{ inside, outside, count }];
  });
}

/** Whether a namespace maps all ids to themselves, as the first one does. */
export function isFullMap(map: readonly Extent[]): boolean {
  const [only, ...more] = map;
  return more.length === 0 && only?.inside === 0 && only.outside === 0 && only.count >= ID_LIMIT;
}

/** The id outside (the host's) of an id inside (the container's), or undefined when it isn't mapped. */
export function toOutside(map: readonly Extent[], id: number): number | undefined {
  const extent = map.find(({ inside, count }) => id >= inside && id < inside + count);
  return extent && extent.outside + (id - extent.inside);
}

/** The id inside (the container's) of an id outside (the host's), or undefined when it isn't mapped. */
export function toInside(map: readonly Extent[], id: number): number | undefined {
  const extent = map.find(({ outside, count }) => id >= outside && id < outside + count);
  return extent && extent.inside + (id - extent.outside);
}

/**
 * Cuts extents so that none crosses an extent of the namespace we are in: the kernel refuses a map (EPERM) with one
 * that does. Ids which that namespace doesn't have are left out.
 *
 * @param parent Our own /proc/self/uid_map; its `inside` ids are the `outside` ids of `map`.
 */
export function splitByParent(map: readonly Extent[], parent: readonly Extent[]): Extent[] {
  return map.flatMap(({ inside, outside, count }) =>
    parent.flatMap((own) => {
      const from = Math.max(outside, own.inside);
      const to = Math.min(outside + count, own.inside + own.count);
      return from < to ? [{ inside: inside + (from - outside), outside: from, count: to - from }] : [];
    }),
  );
}
