import { readSetting } from '../container/setting.ts';
import type { IdmapChoice } from '../idmap/choose.ts';
import type { Extent } from '../idmap/extent.ts';
import type { Database } from '../store/database.ts';

type Maps = Pick<IdmapChoice, 'uids' | 'gids'>;

/** In the column `unsynced` (layer-durability.ts): no boot's moment, so the layer is in doubt at every one. */
export const OTHER_IDS = 'other-ids.';

const KEY = 'layer-ids';

/**
 * The files of a layer have the ids of the map that it was unpacked with, and owners which that lacks are root's. Once the
 * map is another, as after an administrator has granted a range, layers are in doubt and are unpacked again when they are
 * needed next; unless files of theirs belong to ids that are no longer the user's, which nobody could replace.
 */
export function doubtLayersOfOtherIds(database: Database, { uids, gids }: Maps): void {
  const now = JSON.stringify({ uids, gids });
  const before = readSetting(database, KEY);
  if (before === now) return;
  database.transaction(() => {
    if (before !== undefined && replaceable(JSON.parse(before) as Maps, { uids, gids }))
      database.run('UPDATE layer SET unsynced = ?', OTHER_IDS);
    database.run('INSERT OR REPLACE INTO setting VALUES (?, ?)', KEY, now);
  });
}

/** Whether the user has by now each id that files of before may belong to. */
function replaceable(before: Maps, now: Maps): boolean {
  return covers(now.uids, before.uids) && covers(now.gids, before.gids);
}

function covers(map: readonly Extent[], other: readonly Extent[]): boolean {
  return other.every(({ outside, count }) =>
    map.some((each) => outside >= each.outside && outside + count <= each.outside + each.count),
  );
}
