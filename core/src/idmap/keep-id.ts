import type { IdmapChoice } from './choose.ts';
import { usernsError } from './error.ts';
import { type Extent, splitByParent, toOutside } from './extent.ts';

/** The ids that the user has inside, with `--userns keep-id`. */
export interface KeptIds {
  readonly uid: number;
  readonly gid: number;
}

/**
 * The map of a user namespace below the common one in which the user has the id `kept` in place of 0. The two change places,
 * so that all other ids are those the image's files were written with; where the common one ends below `kept`, its last
 * id becomes root's. With a single id, there is nothing but `kept`.
 *
 * @param common The map of the common namespace.
 */
export function keepIdMap(common: readonly Extent[], kept: number): readonly Extent[] {
  const count = common.reduce((most, each) => Math.max(most, each.inside + each.count), 0);
  if (count === 1) return [{ inside: kept, outside: 0, count: 1 }];
  if (kept === 0) return [{ inside: 0, outside: 0, count }].flatMap((map) => splitByParent([map], common));
  const last = Math.min(kept, count - 1);
  const map = [
    { inside: 0, outside: last, count: 1 },
    { inside: 1, outside: 1, count: last - 1 },
    { inside: kept, outside: 0, count: 1 },
    { inside: last + 1, outside: last + 1, count: count - last - 1 },
  ];
  return splitByParent(
    map.filter((extent) => extent.count > 0),
    common,
  );
}

/** Maps of both kinds, for `own-ids` of a launch program. */
export function keepIdMaps(
  { uids, gids }: Pick<IdmapChoice, 'uids' | 'gids'>,
  kept: KeptIds,
): { readonly uids: readonly Extent[]; readonly gids: readonly Extent[] } {
  return { uids: keepIdMap(uids, kept.uid), gids: keepIdMap(gids, kept.gid) };
}

/** An id of the container in the common namespace. @throws WherryError `E_USERNS` for one that isn't mapped */
export function toCommon(map: readonly Extent[], id: number): number {
  const found = toOutside(map, id);
  if (found !== undefined) return found;
  throw usernsError(`The id ${id} isn't mapped in the container.`, 'wherry info   says which ids there are.');
}
